# One template and one provisioner for two platforms, and the test of images on AWS.

source "qemu" "machine" {
  accelerator      = var.accelerator
  cpus             = var.cpus
  memory           = var.memory_mib
  machine_type     = "q35"
  headless         = true
  disable_vnc      = true
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
  # Without these arguments QEMU opens a display and, behind it, its monitor, which can run commands on this computer.
  # `disable_vnc` only keeps Packer from typing there.
  qemuargs = [
    ["-nodefaults"],
    ["-no-user-config"],
    ["-display", "none"],
    ["-vnc", "none"],
    ["-monitor", "none"],
    ["-sandbox", var.sandbox],
    ["-cpu", "max"],
    ["-kernel", var.kernel],
    ["-initrd", var.initrd],
    ["-append", var.kernel_arguments],
    ["-serial", "file:${var.console}"],
    ["-pidfile", var.pid_file],
    ["-netdev", "user,id=user.0${var.network == "open" ? "" : ",restrict=on,ipv6=off"},hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
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

source "amazon-ebs" "machine" {
  ami_name    = var.name
  tags        = var.tags
  ami_regions = var.ami_regions
  ami_users   = var.ami_users
  # Other accounts can copy an image only with its snapshots.
  snapshot_users = var.ami_users
  snapshot_tags  = var.tags
  # The builder's volume is encrypted, so the image is too. Packer has to encrypt again only to give copies their own
  # keys: `encrypt_boot` makes the image twice.
  encrypt_boot       = length(var.region_kms_key_ids) > 0 ? true : null
  kms_key_id         = length(var.region_kms_key_ids) > 0 ? var.kms_key_id : null
  region_kms_key_ids = var.region_kms_key_ids

  launch_block_device_mappings {
    device_name           = var.root_device
    volume_type           = "gp3"
    volume_size           = var.volume_gib
    iops                  = 3000
    throughput            = 125
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  source_ami = var.source_image
  dynamic "source_ami_filter" {
    for_each = var.source_image == "" ? [var.source_image_name] : []
    content {
      filters = {
        name                = source_ami_filter.value
        root-device-type    = "ebs"
        virtualization-type = "hvm"
      }
      owners      = [var.source_image_owner]
      most_recent = true
    }
  }

  region                      = var.region
  custom_endpoint_ec2         = var.ec2_endpoint
  skip_region_validation      = var.ec2_endpoint != ""
  skip_metadata_api_check     = var.ec2_endpoint != ""
  skip_credential_validation  = var.ec2_endpoint != ""
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  associate_public_ip_address = var.subnet_id != "" && var.ssh_interface == "public_ip" ? true : null
  iam_instance_profile        = var.iam_instance_profile
  run_tags                    = var.run_tags
  run_volume_tags             = var.run_tags

  security_group_ids                    = var.security_group_ids
  temporary_security_group_source_cidrs = var.temporary_security_group_source_cidrs

  communicator           = "ssh"
  ssh_username           = "admin"
  ssh_interface          = var.ssh_interface
  ssh_keypair_name       = var.ssh_keypair_name
  ssh_private_key_file   = var.ssh_private_key_file
  ssh_host               = var.ssh_host
  ssh_port               = var.ssh_port
  ssh_timeout            = var.ssh_timeout
  ssh_handshake_attempts = 1000
}

# A temporary instance that tests a new image. This builder keeps only listed volumes, and none are listed.
source "amazon-ebsvolume" "test" {
  source_ami = var.tested_image

  region                      = var.region
  custom_endpoint_ec2         = var.ec2_endpoint
  skip_metadata_api_check     = var.ec2_endpoint != ""
  skip_credential_validation  = var.ec2_endpoint != ""
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  associate_public_ip_address = var.subnet_id != "" && var.ssh_interface == "public_ip" ? true : null
  iam_instance_profile        = var.iam_instance_profile
  run_tags                    = var.run_tags

  security_group_ids                    = var.security_group_ids
  temporary_security_group_source_cidrs = var.temporary_security_group_source_cidrs

  communicator           = "ssh"
  ssh_username           = "admin"
  ssh_interface          = var.ssh_interface
  ssh_keypair_name       = var.ssh_keypair_name
  ssh_private_key_file   = var.ssh_private_key_file
  ssh_host               = var.ssh_host
  ssh_port               = var.ssh_port
  ssh_timeout            = var.ssh_timeout
  ssh_handshake_attempts = 1000
}

build {
  sources = ["source.qemu.machine", "source.amazon-ebs.machine"]

  provisioner "shell" {
    only            = ["amazon-ebs.machine"]
    script          = "${path.root}/aws-source.sh"
    execute_command = "sudo sh {{ .Path }}"
  }

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

build {
  sources = ["source.amazon-ebsvolume.test"]

  provisioner "shell" {
    script          = "${path.root}/verify.sh"
    execute_command = "sudo sh {{ .Path }} ${var.verify_arguments}"
  }

  provisioner "shell" {
    inline = [
      "trap 'exit 0' TERM HUP",
      "cp /proc/sys/kernel/random/boot_id /var/tmp/bakeroll-boot-id",
      "systemctl reboot",
      "i=0; while [ $i -lt 300 ]; do sleep 1; i=$((i + 1)); done",
    ]
    execute_command   = "sudo sh {{ .Path }}"
    expect_disconnect = true
    skip_clean        = true
  }

  provisioner "shell" {
    inline = [
      "read -r before </var/tmp/bakeroll-boot-id",
      "read -r now </proc/sys/kernel/random/boot_id",
      "[ \"$now\" != \"$before\" ] || { echo 'verify: it did not boot again within 300 s'; exit 1; }",
    ]
    start_retry_timeout = var.ssh_timeout
  }

  provisioner "shell" {
    script          = "${path.root}/verify.sh"
    execute_command = "sudo sh {{ .Path }} ${var.verify_arguments}"
  }

  post-processor "manifest" {
    output = var.manifest
  }
}
