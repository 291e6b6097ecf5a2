DROP FUNCTION parley.memory_unlearned(integer), parley.memory_models(), parley.memory_due(text, integer), parley.memory_learn(integer),
    parley.memory_words(text[], text[], integer, integer, integer), parley.memory_near(text[], text, text, integer, integer),
    parley.memory_visible(text, text, text[], integer), parley.memory_word(text), parley.memory_quoted(text);
DROP TABLE parley.memory_common, parley.memory_search, parley.memories;
