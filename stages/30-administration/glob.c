// glob.c - matching with one place to go back to.
//
// When something fails to match after a '*', only the last '*' needs to take
// one byte more: an earlier one could not do better, since whatever lies
// between the two has matched at its first possible place. Going back to every
// '*' instead, by recursion, takes exponential time on "a*a*a*a*b".
// Source: Krauss, "Matching Wildcards" (2008); Cox, "Glob Matching Can Be
// Simple And Fast Too" (2017).

#include "glob.h"

// Matches one byte against the class that starts behind '[' at `p`. Puts the
// place behind the class into *end. As in Redis: a class without ']' runs to
// the end of the pattern, and so does a range without its upper end.
static bool match_class(
    const char *p, const char *pattern_end, unsigned char c, const char **end) {
    bool is_negated = p < pattern_end && *p == '^';
    bool found = false;
    if (is_negated) p++;

    for (; p < pattern_end && *p != ']'; p++) {
        if (*p == '\\' && pattern_end - p >= 2) {
            p++;
            if ((unsigned char)*p == c) found = true;
        } else if (pattern_end - p >= 3 && p[1] == '-') {
            unsigned char low = (unsigned char)p[0], high = (unsigned char)p[2];
            if (low <= high ? low <= c && c <= high : high <= c && c <= low) {
                found = true;
            }
            p += 2;
        } else if ((unsigned char)*p == c) {
            found = true;
        }
    }
    *end = p < pattern_end ? p + 1 : p;
    return found != is_negated;
}

// Matches one byte against the one-byte element at `p`, which is not a '*'.
// Puts the place behind the element into *end.
static bool match_one(
    const char *p, const char *pattern_end, unsigned char c, const char **end) {
    if (*p == '[') return match_class(p + 1, pattern_end, c, end);
    if (*p == '\\' && pattern_end - p >= 2) {
        p++;
    } else if (*p == '?') {
        c = (unsigned char)*p;
    }
    *end = p + 1;
    return (unsigned char)*p == c;
}

bool glob_match(struct slice pattern, struct slice text) {
    const char *p = pattern.data, *p_end = p + pattern.len;
    const char *t = text.data, *t_end = t + text.len;
    const char *star = NULL; // behind the last '*' met
    const char *star_text = NULL; // where what follows that '*' is tried

    while (t < t_end) {
        const char *next;
        if (p < p_end && *p == '*') {
            star = ++p;
            star_text = t;
        } else if (p < p_end && match_one(p, p_end, (unsigned char)*t, &next)) {
            p = next;
            t++;
        } else if (star != NULL) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < p_end && *p == '*') p++;
    return p == p_end;
}
