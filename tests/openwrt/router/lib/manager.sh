# shellcheck shell=dash disable=SC1090
# Stands in for opkg (24.10) and apk (25.12): `manager opkg|apk install|upgrade|remove`,
# of the package that lies in /pkg. Each does in its own order what
# /lib/functions.sh has it do.

lay_files() {
	(cd /pkg/files && find . -type d) | while read -r folder; do
		mkdir -p "/$folder"
	done
	(cd /pkg/files && find . ! -type d) | while read -r file; do
		# What the owner edited is kept, and what runs cannot be written over.
		case "$file" in
		./etc/config/* | ./usr/bin/wansync) [ -e "/$file" ] && continue ;;
		esac
		cp -p "/pkg/files/$file" "/$file"
	done
}

remove_files() {
	(cd /pkg/files && find . ! -type d) | while read -r file; do
		case "$file" in
		./usr/bin/wansync) continue ;;
		./etc/config/*) cmp -s "/$file" "/pkg/files/$file" || continue ;;
		esac
		rm -f "/$file"
	done
}

defaults() {
	for script in /etc/uci-defaults/*; do
		[ -e "$script" ] && (. "$script") && rm -f "$script"
	done
}

service() { /etc/init.d/wansync "$1"; }
author() { (. "/pkg/$1"); }

manager() {
	export PKG_UPGRADE=0
	[ "$2" = upgrade ] && PKG_UPGRADE=1
	case "$1 $2" in
	'opkg install')
		lay_files && defaults && author postinst && service enable
		service start
		;;
	'opkg upgrade')
		author prerm
		service stop
		lay_files && defaults && author postinst
		service start
		;;
	'opkg remove')
		author prerm
		service disable
		service stop
		remove_files
		;;
	'apk install')
		lay_files && defaults && service enable
		service start
		author postinst
		;;
	'apk upgrade')
		lay_files && defaults
		service start
		author postinst
		;;
	'apk remove')
		unset PKG_UPGRADE
		service disable
		service stop
		author prerm
		remove_files
		;;
	esac
	true
}
