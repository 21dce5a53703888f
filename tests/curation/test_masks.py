"""What is hidden from those who judge blind, and what is not: pure text, no database."""

from __future__ import annotations

import time

import pytest

from curation.clean.masks import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("As ChatGPT, I cannot smell.", "As [name], I cannot smell."),
        ("I am ChatGPT.", "I am [name]."),
        ("I'm Claude, made by Anthropic. Hello!", "I'm [name]. Hello!"),
        ("I am **GPT-4**, so no.", "I am [name], so no."),
        ("Hi! My name is Gemini 1.5 Pro and I help.", "Hi! My name is [name] and I help."),
        (
            "I am an AI language model developed by OpenAI, and I have no body.",
            "I am [name], and I have no body.",
        ),
        ("As an AI language model, I have no body.", "As [name], I have no body."),
        ("As a large language model trained by Google, my view is narrow.",
         "As [name], my view is narrow."),
        ("I'm an AI assistant called Claude.", "I'm [name]."),
        ("I'm ChatGPT, a large language model trained by OpenAI.", "I'm [name]."),
        ("I was trained by OpenAI on text.", "I was trained by [name] on text."),
        ("My developers at Anthropic asked me to.", "My developers at [name] asked me to."),
        ("OpenAI trained me on books.", "[name] trained me on books."),
        ("ChatGPT: Sure, here it is.", "[name]: Sure, here it is."),
        ("Gladly.\n\n— ChatGPT", "Gladly.\n\n— [name]"),
        ("Best regards,\nClaude", "Best regards,\n[name]"),
        ("I'm a friendly helper made by Anthropic.", "I'm [name]."),
        ("Ich bin ChatGPT, ein Sprachmodell von OpenAI.", "Ich bin [name]."),
        ("Als KI-Sprachmodell kann ich das nicht.", "Als [name] kann ich das nicht."),
        ("Je suis ChatGPT.", "Je suis [name]."),
        ("En tant que modèle de langage, je doute.", "En tant que [name], je doute."),
        ("I'm GPT-3.5-turbo. Hello.", "I'm [name]. Hello."),
        ("I am gpt4, so no.", "I am [name], so no."),
        ("I am Llama 3.1 Instruct!", "I am [name]!"),
        ("I was made by the team at Meta AI.", "I was made by the team at [name]."),
        ("Soy Claude.", "Soy [name]."),
        ("我是ChatGPT。", "我是[name]。"),
    ],
)  # fmt: skip
def test_a_text_that_names_its_own_author_is_masked(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ChatGPT was released by OpenAI in November 2022.",
        "Tools such as ChatGPT, which I like, are trained on text.",
        "As ChatGPT became popular, teachers worried.",
        "As an AI language model, GPT-4 predicts the next word.",
        "You could ask Claude or Gemini the same question.",
        "I am a Gemini, born in June.",
        "I am a falcon trainer in Dubai.",
        "I am Claude's teacher.",
        "I work as a chatbot designer, and I like it.",
        "I was trained by my father.",
        "I am a writer at Google.",
        "I was at Microsoft when it happened.",
        "I am IBM's oldest engineer.",
        "I am training a language model.",
        "I work as a chatbot and I like it.",
        "I never met such people as Claude, whom I like.",
        "The team at Anthropic wrote a paper about it.",
        "I am an AI researcher at a university.",
        "I am Claude Monet, and I paint.",
        "This is an AI model developed by Google.",
        "I am afraid of flying.",
        "As a model citizen, I pay my taxes.",
        "Mail me. I am in the office until four.",
        "This is an air filter made by Philips.",
        "How is OpenAI funded? By its investors.",
        "Microsoft made Windows, as I said.",
        "Dear Jana, this is Bardolph from the shop.",
        "My name is Claudette.",
    ],
)
def test_what_a_text_is_about_stays(text):
    assert masked(text) == text


def test_names_of_our_own_models_count_too():
    names = ["harbour-1", "tiny (v2)", ""]
    assert masked("I am harbour-1.", names) == "I am [name]."
    assert masked("As tiny (v2), I know little.", names) == "As [name], I know little."
    assert masked("The ferry to harbour-1 leaves at ten.", names).count("harbour-1") == 1
    assert masked("I am harbour-1.") == "I am harbour-1."


def test_the_mark_never_becomes_a_link():
    assert masked("I am ChatGPT(https://x.example)").count("](") == 0
    assert masked("I am [ChatGPT](https://chat.example).") == "I am [name]."


def test_the_mark_speaks_the_language_of_the_page():
    assert masked("I am ChatGPT.", mark="[Name]") == "I am [Name]."


def test_a_long_text_without_end_takes_no_time():
    text = "As an AI " * 4_000 + "I am a very " * 4_000
    begun = time.process_time()
    masked(text)
    assert time.process_time() - begun < 2
