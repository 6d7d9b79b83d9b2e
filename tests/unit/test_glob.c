// test_glob.c - patterns: a table of cases, a slow matcher that is too simple
// to be wrong, and patterns that are made to take long.

#include "glob.h"

#include "check.h"

struct example {
    struct slice pattern, text;
    bool matches;
};

#define YES(pattern, text) \
    { BYTES(pattern), BYTES(text), true }
#define NO(pattern, text) \
    { BYTES(pattern), BYTES(text), false }

static void test_examples(void) {
    const struct example examples[] = {
        YES("", ""),
        NO("", "a"),
        NO("a", ""),
        YES("abc", "abc"),
        NO("abc", "abd"),
        NO("abc", "ab"),
        NO("abc", "abcd"),
        NO("a", "A"),
        // Stars and question marks.
        YES("*", ""),
        YES("*", "anything"),
        YES("**", ""),
        YES("***", "ab"),
        YES("a*", "a"),
        YES("*a", "aaa"),
        NO("*a", "aab"),
        YES("a*c", "abcbc"),
        YES("user:*:name", "user:7:name"),
        NO("user:*:name", "user:7:age"),
        YES("?", "x"),
        NO("?", ""),
        NO("?", "xy"),
        YES("??*", "xy"),
        NO("??*", "x"),
        YES("*?", "x"),
        YES("a?c", "a\0c"),
        YES("*b*d*", "abcde"),
        YES("*ab", "aaab"),
        NO("*ab*ab", "ab"),
        // Bytes are bytes: NUL, newlines, and both halves of a UTF-8 letter.
        YES("a*", "a\0\n"),
        YES("\0", "\0"),
        YES("??", "\xc3\xa4"),
        // Escapes take the next byte as it is.
        YES("\\*", "*"),
        NO("\\*", "a"),
        YES("\\?", "?"),
        YES("\\[a]", "[a]"),
        YES("\\\\", "\\"),
        YES("\\a", "a"),
        YES("\\", "\\"),
        NO("\\", ""),
        YES("a\\", "a\\"),
        YES("*\\*", "ab*"),
        // Classes.
        YES("[abc]", "b"),
        NO("[abc]", "d"),
        NO("[abc]", ""),
        NO("[abc]", "ab"),
        YES("[a-c]", "b"),
        NO("[a-c]", "d"),
        YES("[c-a]", "b"),
        YES("[a-cx-z]", "y"),
        YES("[^a]", "b"),
        NO("[^a]", "a"),
        NO("[^a]", ""),
        NO("[^a-c]", "b"),
        YES("[^a-c]", "d"),
        YES("[\\]]", "]"),
        YES("[a\\-c]", "-"),
        NO("[a\\-c]", "b"),
        YES("[\x80-\xff]", "\xc3"),
        NO("[\x80-\xff]", "a"),
        NO("[]", "a"),
        NO("[]a]", "a"),
        YES("[^]", "a"),
        YES("[a^]", "^"),
        YES("x[0-9]*", "x7abc"),
        YES("*[0-9]", "abc7"),
        NO("*[0-9]", "7abc"),
        YES("[*]", "*"),
        NO("[*]", "a"),
        YES("[?]", "?"),
        // A class without an end runs to the end of the pattern.
        YES("[abc", "b"),
        NO("[abc", "d"),
        NO("[", "["),
        YES("[^", "x"),
        YES("[^abc", "d"),
        NO("[^abc", "b"),
        YES("[a\\", "\\"),
        // A range whose upper end is the ']' takes it, as in Redis.
        YES("[a-]", "_"),
        YES("[a-]", "]"),
        NO("[a-]", "-"),
        NO("[a-]", "b"),
        YES("[a-", "-"),
        YES("[a-", "a"),
        YES("[-]", "-"),
        YES("[--0]", "."),
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *e = &examples[i];
        if (glob_match(e->pattern, e->text) == e->matches) continue;
        check_show("pattern", e->pattern);
        check_show("text", e->text);
        CHECK_INT(glob_match(e->pattern, e->text), e->matches);
    }
}

// The definition of '*' and '?' word by word: exponential, but clear.
static bool slow_match(struct slice pattern, struct slice text) {
    if (pattern.len == 0) return text.len == 0;
    struct slice behind = {pattern.data + 1, pattern.len - 1};
    if (*pattern.data == '*') {
        for (size_t skip = 0; skip <= text.len; skip++) {
            struct slice rest = {text.data + skip, text.len - skip};
            if (slow_match(behind, rest)) return true;
        }
        return false;
    }
    if (text.len == 0) return false;
    if (*pattern.data != '?' && *pattern.data != *text.data) return false;
    return slow_match(behind, (struct slice){text.data + 1, text.len - 1});
}

// Writes the `number`-th of all texts of `len` letters. Returns false when
// there is no such one.
static bool nth_text(
    char *text, size_t len, const char *letters, size_t number) {
    size_t base = strlen(letters);
    for (size_t i = 0; i < len; i++, number /= base) {
        text[i] = letters[number % base];
    }
    return number == 0;
}

static void test_all_short_patterns_on_all_short_texts(void) {
    char p[6], t[6];
    for (size_t p_len = 0; p_len <= 5; p_len++) {
        for (size_t i = 0; nth_text(p, p_len, "ab*?", i); i++) {
            for (size_t t_len = 0; t_len <= 5; t_len++) {
                for (size_t j = 0; nth_text(t, t_len, "ab", j); j++) {
                    struct slice pattern = {p, p_len}, text = {t, t_len};
                    CHECK_INT(
                        glob_match(pattern, text), slow_match(pattern, text));
                }
            }
        }
    }
}

// By recursion at each star, these would outlast the age of the universe.
static void test_hostile_patterns_take_no_longer_than_promised(void) {
    static char text[20000], pattern[200];
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(pattern); i++) pattern[i] = "*a"[i % 2];
    pattern[sizeof(pattern) - 1] = 'b';
    struct slice p = {pattern, sizeof(pattern)}, t = {text, sizeof(text)};
    CHECK(!glob_match(p, t));
    for (size_t i = 0; i < sizeof(pattern); i++) pattern[i] = "*[^b-z]?"[i % 8];
    pattern[sizeof(pattern) - 1] = 'b';
    CHECK(!glob_match(p, t));
    memset(pattern, '*', sizeof(pattern));
    CHECK(glob_match(p, t));
}

int main(void) {
    test_examples();
    test_all_short_patterns_on_all_short_texts();
    test_hostile_patterns_take_no_longer_than_promised();
    puts("ok");
    return 0;
}
