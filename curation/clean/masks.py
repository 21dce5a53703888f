"""Hides where a text names its own author, for whoever judges it blind.

Only what somebody says of themselves: "As ChatGPT, I …", "I am an AI model developed by
OpenAI", "ChatGPT: Sure", a signature. "ChatGPT was released in 2022" stays: in an answer to
a question about ChatGPT it is the subject, and with a hole in it nobody could judge the
answer. What is missed costs a little blindness; what is hidden wrongly costs the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

MARK = "[name]"

# Words as they are written; a gap may also be a hyphen or nothing.
MODELS = (
    "Chat GPT", "GPT", "Open GPT", "InstructGPT", "Claude", "Gemini", "Gemma", "Bard",
    "PaLM", "LaMDA", "Llama", "Alpaca", "Vicuna", "Mistral", "Mixtral", "Le Chat", "Qwen",
    "QwQ", "Tongyi", "DeepSeek", "Grok", "Copilot", "Bing", "Bing Chat", "Falcon", "Phi",
    "Kimi", "ERNIE", "ERNIE Bot", "Doubao", "ChatGLM", "GLM", "Dolly", "Open Assistant",
    "StableLM", "Zephyr", "OLMo", "Pythia", "Granite", "Nemotron", "SmolLM", "Alexa",
    "Siri", "Cortana", "Cohere", "Perplexity", "HuggingChat",
)  # fmt: skip
MAKERS = (
    "Open AI", "Anthropic", "Google", "Google DeepMind", "Google AI", "DeepMind", "Meta",
    "Meta AI", "Facebook", "Facebook AI", "Microsoft", "Mistral AI", "Alibaba",
    "Alibaba Cloud", "DeepSeek AI", "xAI", "Databricks", "LAION", "EleutherAI",
    "Stability AI", "Hugging Face", "Baidu", "ByteDance", "Tencent", "Moonshot",
    "Moonshot AI", "Zhipu", "Zhipu AI", "01.AI", "Amazon", "Apple", "IBM", "NVIDIA",
    "Inflection", "Inflection AI", "Perplexity AI", "AI2",
)  # fmt: skip
# Possessive: else the digits of "GPT1111…" would be tried in every way to divide them.
VERSION = (
    r"(?:[- ]?v?\d\w*+(?:\.\d\w*+)*+|[- ](?:Pro|Plus|Ultra|Opus|Sonnet|Haiku|Flash|Turbo|"
    r"Mini|Instruct|Chat)\b)*+"
)
# What a model calls its kind, with its article, in the languages that we meet most.
KINDS = (
    r"(?:an?|the|your|just an?|only an?)\s+(?:[\w-]+\s+){0,3}?(?:AI|A\.I\.|artificial "
    r"intelligence|(?:language|generative|foundation|neural)\s+model|LLM|chat\s?bot|bot|"
    r"(?:virtual|digital)\s+assistant)(?:[- ](?:based|powered))?"
    r"(?:\s+(?:large|language|model|LLM|assistant|chat\s?bot|system|program))*",
    r"AI(?:\s+(?:language model|model|assistant))?",
    r"(?:eine?n?|einer)\s+(?:[\w-]+\s+){0,2}?(?:KI\b|künstliche Intelligenz|Sprachmodell|"
    r"(?:KI|AI)-(?:Sprachm|M)odell|(?:KI|AI)-Assistent|Chatbot)(?:[- ][Mm]odell)?",
    r"(?:KI|AI)(?:-(?:Sprachm|M)odell|-Assistent)?", r"(?:großes )?Sprachmodell",
    r"(?:un |une |tant que )?(?:(?:grand )?modèle de langage|intelligence artificielle|"
    r"assistant IA|IA)(?: (?:entraîné|IA))?",
    r"(?:un |una |um |uma )?(?:(?:gran |grande )?(?:modelo|modello) "
    r"(?:de lenguaje|de linguagem|linguistico)|inteligencia artificial|"
    r"inteligência artificial|intelligenza artificiale|asistente de IA|IA)",
)  # fmt: skip
MADE = (
    r"(?:developed|trained|created|made|built|designed|fine-?tuned|powered|provided|"
    r"entwickelt|trainiert|erschaffen|développé|créé|entraîné|desarrollado|creado|"
    r"entrenado|desenvolvido|criado|treinado|sviluppato|creato|addestrato)[aeo]?s?"
)
THE_TEAM = r"(?:the\s+)?(?:(?:team|people|researchers)\s+at\s+)?"
BY = rf"(?:{MADE}\s+)?(?:by|from|of|at|von|par|por|de|da|di)\s+{THE_TEAM}"
# "I am a writer at Google" is somebody else's maker: here it must be said what was done.
MADE_BY = rf"{MADE}\s+(?:by|von|par|por|da)\s+{THE_TEAM}"
# Who speaks, and that it is of themselves.
I_AM = (
    r"(?:I\s+am|I['’]m|I\s+was|my\s+name\s+is|my\s+name['’]s|call\s+me|"
    r"you\s+are\s+(?:talking|speaking|chatting)\s+(?:to|with)|"
    r"ich\s+bin|ich\s+hei(?:ß|ss)e|mein\s+Name\s+ist|je\s+suis|je\s+m['’]appelle|"
    r"(?:yo\s+)?soy|me\s+llamo|(?:eu\s+)?sou|meu\s+nome\s+é|(?:io\s+)?sono|mi\s+chiamo|"
    r"我是|我叫)"
)
# Where a sentence or a clause begins: not "tools as ChatGPT, which I like".
# A new line begins one, so the gap after it is sought within its line: "\n\s*" would take
# quadratic time over many empty lines.
GAP = r"[^\S\n]*"
BEGIN = rf"(?:\A|[.!?:;,\n\"“(>*-]){GAP}(?:(?:but|and|so|sorry|aber|mais|pero|mas|ma)\s+)?"
AS = (
    rf"(?:{BEGIN}|(?:speaking|writing|answering)\s+)"
    r"(?:as|als|en\s+tant\s+que?|como|come|作为)"
)
# After "As …" only with this in the same sentence it is the author who speaks.
ME = (
    r"(?<!\w)(?:I|I['’]\w+|me|my|mine|ich|mir|mich|meine?r?|je|j['’]\w+|mon|ma|mes|yo|mi|eu|"
    r"meu|io)(?!\w)|我"
)
VERB = r"(?:kann|bin|habe|darf|könnte|weiß|möchte|werde|puedo|posso)"
SPEAKS = (
    rf"(?=\s*[,，][^.!?\n]{{0,80}}?(?:{ME})|\s+(?:{VERB}\s+)?(?:{ME})|\s+(?:no\s+)?puedo)"
)
# After "I am …": not "Claude's teacher", "Claude Monet" or "an AI researcher".
ENDS = (
    r"(?=\s*(?:[.,;:!?()\n。，！]|[-–—]\s|\Z)|\s+(?:and|but|so|that|which|who|with|without|"
    r"designed|here|not|und|aber|et|mais|y|e)\b)"
)
OPEN, CLOSE = r"[*_`\"“‘\[]{0,5}", r"[*_`\"”’\]]{0,5}"
# Not \b: a name may end in a bracket, and Chinese has no gaps between words.
START, END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"


def masked(text: str, names: Iterable[str] = (), mark: str = MARK) -> str:
    """The text with a neutral mark where it names its own author. For showing only.

    `names` are further names that count: of the models that have written here.
    """
    known = tuple(sorted({name for name in names if name.strip()}))
    lowered = text.lower()
    if not any(hint in lowered for hint in _hints(known)):
        return text
    for pattern in _patterns(known):
        text = pattern.sub(lambda found: _hidden(found, mark), text)
    return text


def _hidden(found: re.Match[str], mark: str) -> str:
    """What stands before stays. Before a bracket a gap, or Markdown would make a link."""
    before = found["before"]
    return f"{before}{mark}{' ' if found.string[found.end() :][:1] == '(' else ''}"


@cache
def _hints(names: tuple[str, ...]) -> frozenset[str]:
    """Something of this is in every text that has anything to hide; most have nothing."""
    kinds = {"a.i.", " ai", " ki", "ki-", " ia", "intel", "model", "modèle", "llm", "bot",
             "assist"}  # fmt: skip
    words = (max(name.split(), key=len).lower() for name in (*names, *MODELS, *MAKERS))
    return frozenset(kinds).union(words)


@cache
def _patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    name, maker = _written([*names, *MODELS]), _written([*names, *MAKERS, *MODELS])
    kind = _any(KINDS) + END
    made = rf"(?:,?\s+{BY}{maker})"
    called = rf"(?:,?\s+(?:called\s+|named\s+|known\s+as\s+|namens\s+)?{name})"
    # "ChatGPT, an AI model", "an AI model by OpenAI", "an assistant called Claude".
    who = rf"(?:{name}(?:,\s+{kind})?{made}?|{kind}{called}?{made}?)"
    thing = r"an?\s+(?:[\w-]+\s+){0,4}?[\w-]+"
    signed = rf"(?:regards|wishes|sincerely|cheers|yours),?{GAP}\n\s*"
    return tuple(
        re.compile(rf"(?P<before>{before}){hidden}{after}", re.IGNORECASE)
        for before, hidden, after in (
            # I am ChatGPT. I'm an AI language model developed by OpenAI.
            (rf"(?<!\w){I_AM}[\s:]*", who, ENDS),
            # I am a helpful thing made by Anthropic.
            (rf"(?<!\w){I_AM}\s+", rf"{thing}\s+{MADE_BY}{maker}", ""),
            # As ChatGPT, I cannot … As an AI language model, I do not …
            (rf"{AS}\s*", who, SPEAKS),
            # I was trained by OpenAI; my developers at Anthropic; OpenAI trained me.
            (rf"(?<!\w)I(?:\s+was|['’]ve\s+been|\s+have\s+been)\s+{MADE_BY}", maker, ""),
            (r"(?<!\w)my\s+(?:creator|developer|maker|designer|trainer)s?"
             r"(?:\s+(?:at|is|are)|,)\s+", maker, ""),
            ("", maker, rf"(?=\s+(?:has\s+)?{MADE}\s+me\b)"),
            # ChatGPT: Sure. And a signature on a line of its own at the end.
            (r"\A\s*", name, r"(?=\s*:)"),
            (rf"\n{GAP}[-–—~]+\s*|{signed}", name, r"(?=[\s.!]*\Z)"),
        )
    )  # fmt: skip


def _written(names: Iterable[str]) -> str:
    """One of the names, perhaps with a version, emphasis or a link around it."""
    found = _any(re.escape(name).replace(r"\ ", r"[-\s]?") for name in names)
    link = r"(?:(?<=\])\(https?://[^)\s]*\))?"
    return rf"{OPEN}{START}{found}{VERSION}{END}{CLOSE}{link}"


def _any(patterns: Iterable[str]) -> str:
    """The longest first, so that "GPT-4" is not left with "-4" behind the mark."""
    return rf"(?:{'|'.join(sorted(patterns, key=len, reverse=True))})"
