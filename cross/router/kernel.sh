# shellcheck shell=sh disable=SC2154 # cross/router/run shares its variables
# The kernel of the emulated router: Debian's for the Malta board, unpacked, not
# installed. apt is given a state, a cache and a list of sources of its own; it
# checks signatures as always.

# The last Debian with mipsel. No Debian since has had big-endian mips.
suite=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# What the network card of the board needs, in the order of loading; a kernel
# that has it built in needs none.
wanted_modules='mii pcnet32'

# find_kernel: sets `kernel`, and `modules` to files in the order of loading.
find_kernel() {
    [ "$arch" = mipsel ] ||
        die "Debian has no kernel for big-endian MIPS: make router ARCH=$arch KERNEL=vmlinux" \
            "cross/router/README.md says what it must have built in"
    [ -f "$folder/kernel/complete" ] || fetch_kernel
    kernel=$(echo "$folder"/kernel/boot/vmlinuz-*)
    modules=
    for module in $wanted_modules; do
        modules="$modules $(find "$folder/kernel/lib/modules" -name "$module.ko")"
    done
    say "kernel: $(cat "$folder/kernel/complete")"
}

fetch_kernel() {
    command -v apt-get >/dev/null 2>&1 ||
        die "the kernel comes from Debian, and there is no apt-get: make router KERNEL=vmlinux"
    [ -f "$keyring" ] || apt_install "Debian's keys are missing" debian-archive-keyring
    need_program dpkg-deb dpkg
    lay_apt
    say "looking up the kernel in Debian $suite for mipsel"
    private apt-get update -qq >&2 || die "apt-get could not read $mirror, suite $suite"
    image=$(private apt-cache depends linux-image-4kc-malta |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
    [ -n "$image" ] ||
        die "Debian $suite at $mirror has no linux-image-4kc-malta any more" \
            "is it on another mirror? DEBIAN_MIRROR=http://archive.debian.org/debian make router"
    say "fetching $image (45 MB)"
    rm -rf "$folder/kernel"
    mkdir -p "$folder/kernel"
    (cd "$apt" && private apt-get download -qq "$image" >&2) || die "apt-get could not fetch $image"
    dpkg-deb -x "$apt/$image"_*.deb "$folder/kernel"
    set --
    for module in $wanted_modules; do
        set -- "$@" ! -name "$module.ko"
    done
    find "$folder/kernel" -name '*.ko' "$@" -delete
    find "$folder/kernel" -type d -empty -delete
    dpkg-deb -W "$apt/$image"_*.deb >"$folder/kernel/complete"
    rm -rf "$apt"
}

private() { APT_CONFIG=$apt/conf "$@"; }

lay_apt() {
    apt=$folder/apt
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/sources"
    : >"$apt/status"
    printf '%s\n' 'Types: deb' "URIs: $mirror" "Suites: $suite" 'Components: main' \
        'Architectures: mipsel' "Signed-By: $keyring" >"$apt/sources/debian.sources"
    cat >"$apt/conf" <<END
APT::Architecture "mipsel";
APT::Architectures { "mipsel"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$apt/sources";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
END
}
