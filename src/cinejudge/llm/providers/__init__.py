"""One file per provider of chat models; a file's name is the provider's name.

Each defines ``create(name, *, base_url, load, timeout_s) -> ChatModel``. Packages may add providers through the entry
points ``cinejudge.llm``, which name a function of the same signature.
"""
