# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# What the story prints: when, who, what; a tick or a cross for each step.

passed=0
failed=0
columns=76 # for the text behind time and name

start_timeline() {
    read_clock
    start=$clock
    tick='✓' cross='✗'
    if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
        tick=$(printf '\033[32m%s\033[0m' "$tick")
        cross=$(printf '\033[31m%s\033[0m' "$cross")
    fi
}

# read_clock: sets `clock` to hundredths of a second since boot.
read_clock() {
    read -r uptime _ </proc/uptime
    clock=$((${uptime%.*} * 100 + 1${uptime#*.} - 100))
}

# seconds HUNDREDTHS
seconds() { printf '%d.%02d' $(($1 / 100)) $(($1 % 100)); }

# step TITLE: what follows is the step's.
step() {
    step_failed=
    number=$((passed + failed + 1))
    printf '\n%2d. %s\n' "$number" "$1"
}

# line WHO TEXT
line() {
    read_clock
    at=$(seconds $((clock - start))) who=$1
    printf '%s\n' "$2" | fold -s -w "$columns" | while IFS= read -r part; do
        printf '%8s  %-8s %s\n' "$at" "$who" "${part% }"
        at='' who=''
    done
}

# expect WHAT WANTED FOUND: the step fails if they differ.
expect() {
    [ "$2" != "$3" ] || return 0
    mark "$cross" "$1: expected ${2:-nothing}, found ${3:-nothing}"
    step_failed=1
}

# seen TEXT: the end of the step; TEXT is what was seen, if nothing failed.
seen() {
    if [ -z "$step_failed" ]; then
        passed=$((passed + 1))
        mark "$tick" "$1"
    else
        failed=$((failed + 1))
        mark "$cross" 'not seen as it should be'
    fi
}

# mark SIGN TEXT: a sign is one column wide, and more bytes than that.
mark() {
    read_clock
    printf '%8s  %s        %s\n' "$(seconds $((clock - start)))" "$1" "$2"
}

# summarize: the last line; false unless each step was seen.
summarize() {
    read_clock
    printf '\n%d passed, %d failed, in %s s\n' "$passed" "$failed" "$(seconds $((clock - start)))"
    [ "$failed" -eq 0 ]
}
