# Stands in for OpenWrt's build system, as far as the package's Makefile uses it:
# `make -C openwrt/wansync TOPDIR=<here> OUT=<folder>` puts the package's files
# into <folder>/files, its scripts and its list of conffiles beside them.

INCLUDE_DIR:=$(TOPDIR)/include
PKG_BUILD_DIR:=$(OUT)/build
PKG_INSTALL_DIR:=$(OUT)/built

INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
INSTALL_DATA:=install -m0644
INSTALL_CONF:=install -m0600
LN:=ln -sf
