# What a Packer of 1.10 or later needs beside itself: `packer init packer/plugins`. It lies in a folder of its own because
# Packer 1.6, which Debian has and which holds all of this already, does not know this block. The versions are exact: what is
# published later runs here only after somebody has read what changed. tasks/tools/packer-plugins.ts asks for the same.
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
