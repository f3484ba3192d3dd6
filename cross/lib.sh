# shellcheck shell=sh
# What the scripts share: places, messages, packages, the targets table, the
# compiler.
# The script that reads this has set `root` to the checkout.

: "${root:?set by the script that reads this}"
tools=$root/target/cross-tools
zig=$tools/zig
linker=$tools/linker

say() { printf 'cross: %s\n' "$*" >&2; }

die() {
    say "error: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

# field NAME KEY: the value of KEY in the table of target NAME, without quotes; a
# list's values with spaces between.
field() {
    awk -v want="$1" -v key="$2" '
        /^\[\[target\]\]/ { name = "" }
        /^[a-z]+ = / {
            value = $0
            sub(/^[a-z]+ = /, "", value)
            gsub(/", "/, " ", value)
            gsub(/["\[\]]/, "", value)
            if ($1 == "name") name = value
            if ($1 == key && name == want) print value
        }' "$root/cross/targets.toml"
}

# names: every target, in the order of the table.
names() { sed -n 's/^name = "\(.*\)"$/\1/p' "$root/cross/targets.toml"; }

# binary NAME: where cross/build puts it.
binary() { echo "$root/target/cross/$(field "$1" triple)/release/wansync"; }

# feed_binary NAME: where cross/build --feed puts it.
feed_binary() { echo "$root/target/cross-feed/$(field "$1" triple)/feed/wansync"; }

# skips NAME TEST: the lines of skips.txt for a target and a test program, as
# `TEST-NAME REASON`.
skips() {
    awk -v target="$1" -v test="$2" '
        /^#/ || NF < 4 { next }
        $2 == test && ($1 == "*" || index("," $1 ",", "," target ",")) {
            name = $3
            $1 = $2 = $3 = ""
            sub(/^ +/, "")
            print name, $0
        }' "$root/cross/skips.txt"
}

# The compiler, which the sizes in sizes.tsv are of: Debian's packages and
# rustup's toolchains have it alike.
rust_pinned=1.96.0

# find_rust: sets `sysroot`, and `rustc` and `cargo` in it, to the pinned pair
# with the sources of its library, which build-std needs; false if there is none.
find_rust() {
    for candidate in "$(command -v rustc || true)" "$tools"/rust/toolchains/*/bin/rustc /usr/bin/rustc; do
        [ -x "$candidate" ] || continue
        sysroot=$("$candidate" --print sysroot 2>/dev/null) || continue
        rustc=$sysroot/bin/rustc
        cargo=$sysroot/bin/cargo
        if [ -x "$rustc" ] && [ -x "$cargo" ] &&
            [ -f "$sysroot/lib/rustlib/src/rust/library/Cargo.toml" ] &&
            "$rustc" --version | grep -q "^rustc $rust_pinned "; then
            return 0
        fi
    done
    return 1
}

# pinned FILE: the version that zig.txt or linker.txt pins.
pinned() { sed -n 's/^ziglang==\([0-9.]*\).*/\1/p' "$root/cross/$1"; }

# have_zig: whether the pinned compiler is there, whole enough to say its version.
have_zig() { [ "$("$zig" version 2>/dev/null)" = "$(pinned zig.txt)" ]; }

# have_linker: the same for the linker.
have_linker() { [ "$("$linker" version 2>/dev/null)" = "$(pinned linker.txt)" ]; }

# need_program PROGRAM PACKAGE
need_program() {
    command -v "$1" >/dev/null 2>&1 || apt_install "$1 is missing" "$2"
}

# need_file FILE PACKAGE
need_file() {
    [ -e "$1" ] || apt_install "$1 is missing" "$2"
}

# apt_install WHY PACKAGE…
apt_install() {
    why=$1
    shift
    command -v apt-get >/dev/null 2>&1 ||
        die "$why, and this is not a Debian: install what Debian calls: $*"
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "$why, and there is no sudo: as root, apt-get install $*"
        sudo=sudo
    fi
    say "$why: installing $*"
    apt_try "$@" || { apt_update && apt_try "$@"; } || die "apt-get could not install $*"
}

# apt_download WHY PACKAGE FOLDER: the package's file, for whoever may not install.
apt_download() {
    command -v apt-get >/dev/null 2>&1 ||
        die "$1, and this is not a Debian: install what Debian calls: $2"
    say "$1: downloading $2"
    (cd "$3" && apt-get download -qq -o APT::Sandbox::User=root "$2" >&2) ||
        { apt_update && (cd "$3" && apt-get download -qq -o APT::Sandbox::User=root "$2" >&2); } ||
        die "apt-get could not download $2"
}

# apt_update: the lists of packages, which can be old, or absent.
apt_update() {
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq >&2
}

apt_try() { $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >&2; }
