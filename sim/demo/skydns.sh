# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# SkyDNS as the simulator plays it: what it was asked, and what it holds.

# requests FILTER: all that were received, through jq.
requests() { page requests | jq -r "$1"; }

# bound: the address that it has for the user.
bound() { page state | jq -r --arg user "$ident" '.users[$user].bindings | map(.address) | join(" ")'; }

# page NAME: one of the simulator's own pages.
page() {
    admin=$(ready SIM_ADMIN_URL)
    ask_service "$admin$1"
}

# ready NAME: what the simulator wrote about itself.
ready() { sed -n "s/^$1='\(.*\)'$/\1/p" "$work/ready"; }

# forget: starts to count requests anew.
forget() { page clear >/dev/null; }

# service_has ADDRESS: what it has now, and after how many requests.
service_has() {
    has=$(bound)
    line SkyDNS "has ${has:-no address} for $ident; requests in this step: $(requests length)"
    expect 'the address at SkyDNS' "$1" "$has"
}

# expect_requests NUMBER: so many in this step.
expect_requests() { expect 'requests in this step' "$1" "$(requests length)"; }

# expect_requests_of METHOD NUMBER: so many of that in this step.
expect_requests_of() {
    expect "requests of $1 in this step" "$2" \
        "$(requests "map(select(.path | endswith(\"/$1\"))) | length")"
}

# expect_at_most NUMBER: no more than so many in this step.
expect_at_most() {
    sent=$(requests length)
    expect "at most $1 requests in this step" true "$([ "$sent" -le "$1" ] && echo true || echo "$sent")"
}

# expect_https: the last request was an update that came over https.
expect_https() {
    expect 'the last request' 'https /provider_api/update_ip 200' \
        "$(requests 'last | "\(.scheme) \(.path) \(.status)"')"
}
