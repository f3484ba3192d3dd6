# shellcheck shell=sh disable=SC2034,SC2154 # the story shares its variables
# A router without a network of its own: its address stands in the
# configuration, and the service is on loopback.

device=lo
resolver=193.58.251.251

make_world() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/wansync-demo.XXXXXX")
}

describe_world() {
    printf "no network namespaces here, so on loopback, with source 'static'"
}

start_services() {
    launch "$simulator" serve --quiet --key-file "$work/skydns.key" \
        --ca-out "$work/ca.pem" --ready-file "$work/ready"
    await_file "$work/ready"
    base_url=$(ready SIM_HTTPS_URL)
}

# wan_has ADDRESS
wan_has() {
    configure 'source' 'static' 'address' "$1"
    line router "the configuration says $1"
}

# The router has no networks: no netifd, and no place for a tunnel.
has_networks() { false; }

ask_service() { curl -sSf --noproxy '*' --max-time 5 "$1"; }

# Its address is the real one's, which is not asked.
has_resolver() { false; }
