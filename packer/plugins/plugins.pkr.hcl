# Plugins for Packer 1.10 or later: `packer init packer/plugins`. They have their own folder because Debian's Packer
# 1.6, which includes them all, does not know this block. Versions are exact, so that a newer one runs here only after
# somebody has reviewed it. tasks/tools/packer-plugins.ts lists the same.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "= 1.8.0"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "= 1.1.4"
    }
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = "= 1.1.6"
    }
  }
}
