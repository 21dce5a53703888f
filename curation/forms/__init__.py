"""What curation's pages send. Forms check shape; the rules are in the actions."""
