# One template, two sources, one provisioner. `npm run bake` passes every variable; see tasks/platforms/local/layers.ts.

variable "layer" {
  type        = string
  description = "What to put on the source image: base, release, or both as base,release."
}

variable "name" {
  type        = string
  description = "Unique name of the image that this bake makes."
}

variable "manifest" {
  type        = string
  description = "File that Packer's manifest is written to."
}

variable "extra_vars" {
  type        = string
  description = "File with the variables of the Ansible roles, JSON."
}

variable "ssh_private_key_file" {
  type    = string
  default = ""
}

variable "ssh_timeout" {
  type    = string
  default = "10m"
}

# qemu

variable "accelerator" {
  type    = string
  default = "tcg"
}

variable "cpus" {
  type    = number
  default = 2
}

variable "memory_mib" {
  type    = number
  default = 1024
}

variable "source_disk" {
  type        = string
  default     = "source.qcow2"
  description = "A qcow2 disk, thin over the image below it, that becomes the new image."
}

variable "kernel" {
  type    = string
  default = "vmlinuz"
}

variable "initrd" {
  type    = string
  default = "initrd.img"
}

variable "kernel_arguments" {
  type    = string
  default = "root=/dev/vda rw console=ttyS0"
}

variable "metadata_netdev" {
  type        = string
  default     = "user,id=imds"
  description = "QEMU network that holds the stand-in of the EC2 instance metadata service."
}

variable "console" {
  type        = string
  default     = "console.log"
  description = "File that the builder's serial console is written to."
}

variable "pid_file" {
  type    = string
  default = "qemu.pid"
}

variable "output_directory" {
  type    = string
  default = "output"
}

source "qemu" "machine" {
  accelerator      = var.accelerator
  cpus             = var.cpus
  memory           = var.memory_mib
  machine_type     = "q35"
  headless         = true
  disk_image       = true
  format           = "qcow2"
  iso_url          = var.source_disk
  iso_checksum     = "none"
  skip_compaction  = true
  skip_resize_disk = true
  disk_cache       = "unsafe"
  output_directory = var.output_directory
  vm_name          = "disk.qcow2"
  boot_wait        = "1ms"
  shutdown_command = "sudo systemctl poweroff"
  shutdown_timeout = var.ssh_timeout
  qemuargs = [
    ["-cpu", "max"],
    ["-kernel", var.kernel],
    ["-initrd", var.initrd],
    ["-append", var.kernel_arguments],
    ["-serial", "file:${var.console}"],
    ["-pidfile", var.pid_file],
    ["-netdev", "user,id=user.0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
    ["-netdev", var.metadata_netdev],
    ["-device", "virtio-net,netdev=user.0"],
    ["-device", "virtio-net-pci,netdev=imds"],
    ["-device", "virtio-rng-pci"],
  ]

  communicator           = "ssh"
  ssh_username           = "admin"
  ssh_private_key_file   = var.ssh_private_key_file
  ssh_timeout            = var.ssh_timeout
  ssh_handshake_attempts = 1000
}

# amazon-ebs

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

variable "source_image_owner" {
  type        = string
  default     = "136693071363"
  description = "The account whose images are taken: Debian's own (https://wiki.debian.org/Cloud/AmazonEC2Image)."
}

variable "source_image_name" {
  type    = string
  default = "debian-12-amd64-*"
}

source "amazon-ebs" "machine" {
  region        = var.region
  instance_type = var.instance_type
  ami_name      = var.name
  encrypt_boot  = true

  source_ami_filter {
    filters = {
      name                = var.source_image_name
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = [var.source_image_owner]
    most_recent = true
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp2"
    volume_size           = 8
    delete_on_termination = true
  }

  tags = {
    Name  = var.name
    layer = var.layer
  }

  communicator = "ssh"
  ssh_username = "admin"
  ssh_timeout  = var.ssh_timeout
}

build {
  sources = ["source.qemu.machine", "source.amazon-ebs.machine"]

  provisioner "ansible" {
    playbook_file = "${path.root}/../ansible/site.yml"
    user          = "admin"
    use_proxy     = false
    ansible_env_vars = [
      "ANSIBLE_CONFIG=${path.root}/../ansible/ansible.cfg",
    ]
    extra_arguments = [
      "--tags=${var.layer}",
      "--extra-vars=@${var.extra_vars}",
    ]
  }

  provisioner "shell" {
    script          = "${path.root}/seal.sh"
    execute_command = "sudo sh {{ .Path }}"
  }

  post-processor "manifest" {
    output = var.manifest
  }
}
