# shellcheck shell=sh disable=SC2154 # cross/router/run shares its variables
# What the machine said, against what it should have said.

wrong=0

# title TEXT: what is seen from here on is one boot's.
title() {
    printf '\n%s\n' "$1"
    wrong_before=$wrong
}

# value NAME: what the machine said about it.
value() { sed -n "s/^= $1 //p" "$said" | head -n 1; }

# tell MARK TEXT
tell() { printf '  %s %s\n' "$1" "$2"; }

# expect WHAT WANTED FOUND: WANTED is a shell pattern.
expect() {
    # shellcheck disable=SC2254 # a pattern it is
    case $3 in
    $2) return ;;
    esac
    tell '✗' "$1: expected ${2:-nothing}, found ${3:-nothing}"
    wrong=$((wrong + 1))
}

# expect_most WHAT NUMBER FOUND: a number from 0 to NUMBER.
expect_most() {
    if [ "${3:--1}" -ge 0 ] && [ "$3" -le "$2" ]; then return; fi
    tell '✗' "$1: expected at most $2, found ${3:-nothing}"
    wrong=$((wrong + 1))
}

# sent: what SkyDNS was sent, in its order: scheme, status, address.
sent() {
    jq -r '.[] | select(.path | endswith("/update_ip"))
        | "\(.scheme) \(.status) \(.params | map(select(.[0] == "ip")[1]) | join(","))"' "$asked" | paste -sd ' ' -
}

# The targets of the project for such a router. A machine that emulates, and has
# other work, is slower: what fails is only what is three times that.
idle_ms=60
tls_ms=3000
peak_kb=2560
daemon_kb=1229
allowance=3

# judge_all IPV6: the whole story, on a kernel with IPv6 or without.
judge_all() {
    expect 'errors of the machine' '' "$(value error)"
    expect 'IPv6 in the kernel' "$1" "$(value kernel.ipv6)"
    expect 'the first pass' 'home: confirmed: 8.8.4.4 is confirmed*' "$(value update.said)"
    expect 'its exit code' 0 "$(value update.exit)"
    expect 'exit codes of idle passes' 0 "$(value idle.exit)"
    expect 'a pass after a change' 'home: confirmed: 8.8.8.8 is confirmed*' "$(value change.said)"
    expect 'exit codes of passes with --force' 0 "$(value forced.exit)"
    expect_most 'ms until the daemon has confirmed a new address at its start' 30000 "$(value daemon.start_ms)"
    expect_most 'ms until it has confirmed a change that nobody told it of' 30000 "$(value daemon.change_ms)"
    expect 'its exit code after TERM' 0 "$(value daemon.exit)"
    expect_most 'ms from TERM to its end' 6000 "$(value daemon.ms)"
    expect 'what it printed' '' "$(value daemon.said)"
    expect 'what SkyDNS was sent' \
        'https 200 8.8.4.4 https 200 8.8.8.8 https 200 8.8.8.8 https 200 8.8.8.8 https 200 8.8.8.8 https 200 9.9.9.9 https 200 1.1.1.1' \
        "$(sent)"
    expect 'the status' '*1.1.1.1*' "$(value status.said)"
    told '7 sends over TLS, each confirmed and none but those; the daemon by itself'
}

# judge_costs: each figure beside its target.
judge_costs() {
    idle=$(value idle.mean_us)
    forced=$(value forced.mean_us)
    printf '  %-46s %9s %9s\n' 'on this machine' measured target
    cost 'idle pass, mean of 20, ms' $((idle / 1000)) "$idle_ms"
    printf '  %-46s %9s\n' '  the fastest, ms' "$(($(value idle.least_us) / 1000))"
    cost 'first update over TLS, whole process, ms' "$(value update.ms)" "$tls_ms"
    cost 'update over TLS, mean of 3, ms' $((forced / 1000)) "$tls_ms"
    printf '  %-46s %9s\n' '  TLS and the request: less an idle pass, ms' $(((forced - idle) / 1000))
    cost 'peak RSS of an update over TLS, KB' "$(value update.peak_kb)" "$peak_kb"
    printf '  %-46s %9s\n' 'peak RSS of an idle pass, KB' "$(value idle.peak_kb)"
    cost 'daemon, idle after updates over TLS, RSS, KB' "$(value daemon.idle_kb)" "$daemon_kb"
    printf '  %-46s %9s\n' '  of that its own memory, not the program, KB' "$(value daemon.anon_kb)"
    cost 'peak RSS of the daemon and its children, KB' "$(value daemon.peak_kb)" "$peak_kb"
    printf '  %-46s %9s\n' 'from a change to its confirmation, ms' "$(value daemon.change_ms)"
}

# cost WHAT MEASURED TARGET
cost() {
    verdict=
    [ "${2:-0}" -le "$3" ] || verdict='above the target'
    printf '  %-46s %9s %9s %s\n' "$1" "${2:-?}" "$3" "$verdict"
    expect_most "$1" $((allowance * $3)) "$2"
}

# judge_clock: nothing is sent until the clock is right, and then at once.
judge_clock() {
    expect 'the year' '9466*' "$(value kernel.clock)"
    expect 'a pass before the clock is set' 'home: aborted: the clock is not set*waits for NTP*' "$(value early.said)"
    expect 'its exit code' 75 "$(value early.exit)"
    expect "the exit code of NTP's hotplug event" 0 "$(value event.exit)"
    expect_most 'ms from that event to the confirmation' 30000 "$(value event.confirmed_ms)"
    expect 'what SkyDNS was sent' 'https 200 8.8.4.4' "$(sent)"
    told "said so and sent nothing; sent $(value event.confirmed_ms) ms after NTP's event"
}

# judge_entropy: a pass waits for random numbers, but not for ever.
judge_entropy() {
    expect 'errors of the machine' '' "$(value error)"
    expect 'random numbers at the start' waits "$(value kernel.entropy)"
    expect 'the first pass' 'home: confirmed: 8.8.4.4 is confirmed*' "$(value update.said)"
    expect_most 'ms that it took' 40000 "$(value update.ms)"
    told "the pass waited for them, and confirmed after $(value update.ms) ms"
    expect 'a pass whose kernel never has any' \
        'home: unconfirmed: TLS with www.skydns.ru failed: the kernel has no random numbers yet*' \
        "$(value starved.said)"
    expect 'its exit code' 69 "$(value starved.exit)"
    expect_most 'ms that it took' 45000 "$(value starved.ms)"
    expect 'the pass after it' 'home: confirmed: 8.8.8.8 is confirmed*' "$(value fed.said)"
    expect 'what SkyDNS was sent' 'https 200 8.8.4.4 https 200 8.8.8.8' "$(sent)"
    told "where they never come, it said so after $(value starved.ms) ms and sent nothing"
}

# told TEXT: what was seen, if nothing was wrong in this boot.
told() { [ "$wrong" -gt "$wrong_before" ] || tell '✓' "$1"; }

summarize() {
    [ "$wrong" -eq 0 ] || die "$wrong wrong on the emulated router" "what it said: ${folder#"$root"/}/console-1 to $boots"
    printf '\nThe emulated router (%s) did all that it should.\n' "$arch"
}
