# shellcheck shell=sh disable=SC2154 # cross/router/run shares its variables
# The emulated machine: what it consists of, and one boot of it.

need_machine() {
    need_program "qemu-system-$arch" qemu-system-mips
    need_program cpio cpio
    need_program jq jq
    need_program nc.openbsd netcat-openbsd
    need_program timeout coreutils
    [ -f /etc/ssl/certs/ca-certificates.crt ] || apt_install "there is no CA bundle" ca-certificates
}

boots=0

# boot HOW STORY [WORD…]: WORDs for the kernel. What the machine says is in
# `said`, and what SkyDNS was asked in `asked`.
boot() {
    how=$1
    story=$2
    shift 2
    boots=$((boots + 1))
    title "A router $how"
    start_service
    pack
    clock=utc
    [ "$story" != clock ] || clock=2000-01-01T00:00:00
    said=$folder/console-$boots
    : >"$work/console"
    # A word that the kernel does not know is in the environment of init.
    timeout --foreground "$patience" "qemu-system-$arch" -M malta -cpu 24Kf -m 64 -no-reboot \
        -nodefaults -display none -vga none -serial "file:$work/console" -rtc "base=$clock" \
        -netdev "user,id=lan,restrict=on,guestfwd=tcp:$service:443-cmd:nc.openbsd -N 127.0.0.1 $port" \
        -device pcnet,netdev=lan,addr=0b,romfile= \
        -netdev hubport,id=wan,hubid=1 -device pcnet,netdev=wan,addr=0c,romfile= \
        -kernel "$kernel" -initrd "$work/initramfs" \
        -append "console=ttyS0 panic=-1 loglevel=4 STORY=$story NOW=$(date +%s) $*" \
        </dev/null >"$work/emulator" 2>&1 &
    machine=$!
    # The machine's last act is a reboot, at which the emulator ends; not every
    # kernel can do it.
    while kill -0 "$machine" 2>/dev/null; do
        sleep 0.5
        if grep -q '^= end' "$work/console"; then
            sleep 0.5
            kill "$machine" 2>/dev/null || true
        fi
    done
    ended=0
    wait "$machine" || ended=$?
    machine=
    tr -d '\r' <"$work/console" >"$said"
    asked=$work/asked
    "$simulator" admin "$admin_url"requests >"$asked"
    kill "$services"
    wait "$services" || true
    services=
    expect 'the end of the story' reached "$(value end)"
    [ "$(value end)" = reached ] || give_up
}

give_up() {
    [ "$ended" -ne 124 ] || say "the machine was still running after $patience s"
    cat "$work/emulator" >&2
    say "the last that it said:"
    tail -n 40 "$said" >&2
    exit 1
}

# start_service: sets `port` and `admin_url`.
start_service() {
    rm -f "$work/ready"
    "$simulator" serve --quiet --key "$key" --ca-out "$work/ca.pem" --ready-file "$work/ready" \
        >"$work/service" 2>&1 &
    services=$!
    tries=200
    until [ -e "$work/ready" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "the simulator did not start:" "$(cat "$work/service")"
        sleep 0.05
    done
    port=$(ready SIM_HTTPS_URL | sed 's|^https://[^/]*:\([0-9]*\)/.*|\1|')
    admin_url=$(ready SIM_ADMIN_URL)
}

# ready NAME: what the simulator wrote about itself.
ready() { sed -n "s/^$1='\(.*\)'$/\1/p" "$work/ready"; }

# pack: the files of the machine. The CA file is as long as on a real router.
pack() {
    files=$work/files
    rm -rf "$files"
    mkdir -p "$files/usr/bin" "$files/etc/config" "$files/etc/ssl/certs" "$files/modules" "$files/dev"
    cp "$folder/init" "$files/init"
    cp "$root/target/cross/$(field "$arch" triple)/release/wansync" "$files/usr/bin/wansync"
    cat /etc/ssl/certs/ca-certificates.crt "$work/ca.pem" >"$files/etc/ssl/certs/ca-certificates.crt"
    printf '127.0.0.1 localhost\n%s %s\n' "$service" "$service_name" >"$files/etc/hosts"
    mkdir -m 700 "$files/etc/wansync"
    (umask 077 && printf '%s\n' "$key" >"$files/etc/wansync/skydns.key")
    {
        printf "config wansync 'main'\n\nconfig skydns 'home'\n"
        printf "\toption %s '%s'\n" ident "$ident" key_file /etc/wansync/skydns.key \
            source interface device eth1
    } >"$files/etc/config/wansync"
    number=10
    for module in ${modules:-}; do
        number=$((number + 1))
        cp "$module" "$files/modules/$number-$(basename "$module")"
    done
    (cd "$files" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$work/initramfs"
}
