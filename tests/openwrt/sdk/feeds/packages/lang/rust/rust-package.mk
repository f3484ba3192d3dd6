# See rules.mk.
RUST_ARCH_DEPENDS:=@RUST_ARCH
define RustBinPackage
endef
