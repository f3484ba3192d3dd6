# What BuildPackage makes of a package's definitions. See rules.mk.

export POSTINST=$(Package/wansync/postinst)
export PRERM=$(Package/wansync/prerm)
export POSTRM=$(Package/wansync/postrm)
export CONFFILES=$(Package/wansync/conffiles)
export FACTS=$(PKG_NAME) $(PKG_VERSION) $(PKG_RELEASE)

define BuildPackage
  $(eval $(Package/$(1)))
  export DEPENDED=$(DEPENDS)
  export USERS=$(USERID)
  all:
	$(call Package/$(1)/install,$(OUT)/files)
	printf '%s\n' "$$$$POSTINST" >$(OUT)/postinst
	printf '%s\n' "$$$$PRERM" >$(OUT)/prerm
	printf '%s\n' "$$$$POSTRM" >$(OUT)/postrm
	printf '%s\n' "$$$$CONFFILES" >$(OUT)/conffiles
	printf '%s\n' "$$$$FACTS" "$$$$DEPENDED" "$$$$USERS" >$(OUT)/facts
endef
