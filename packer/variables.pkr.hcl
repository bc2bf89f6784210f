# Passed by `npm run bake`; see tasks/platforms/local/layers.ts and tasks/platforms/aws/packer-variables.ts.

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

variable "verify_arguments" {
  type        = string
  default     = ""
  description = "The words of verify.sh: the release that the tested instance should serve, how long to wait, what to ask."
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
  description = "A thin qcow2 disk over the image below, which becomes the new image."
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
  description = "QEMU network with the stand-in for the EC2 instance metadata service."
}

variable "network" {
  type        = string
  default     = "closed"
  description = "open: the builder can reach other computers and this one's loopback, to fetch packages."
}

variable "sandbox" {
  type        = string
  default     = "on"
  description = "QEMU's -sandbox: the system calls to deny."
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

# amazon-ebs

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "ec2_endpoint" {
  type        = string
  default     = ""
  description = "Endpoint of EC2, when not AWS's own. Newer Packer reads AWS_ENDPOINT_URL, 1.6 does not."
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

variable "source_image" {
  type        = string
  default     = ""
  description = "Id of the AMI to start from. Empty: the newest with this owner and name."
}

variable "source_image_owner" {
  type        = string
  default     = "136693071363"
  description = "The account that owns the source image: Debian's (https://wiki.debian.org/Cloud/AmazonEC2Image)."
}

variable "source_image_name" {
  type    = string
  default = "debian-12-amd64-*"
}

variable "tested_image" {
  type        = string
  default     = "none"
  description = "Id of the AMI that is tested."
}

variable "root_device" {
  type        = string
  default     = "/dev/xvda"
  description = "Device name of the source image's root volume."
}

variable "volume_gib" {
  type    = number
  default = 8
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Empty: a subnet of the default VPC."
}

variable "iam_instance_profile" {
  type        = string
  default     = ""
  description = "Instance profile of the builder; Session Manager needs one."
}

variable "ssh_interface" {
  type        = string
  default     = "public_ip"
  description = "How to reach the builder: public_ip, private_ip or session_manager."
}

variable "security_group_ids" {
  type        = list(string)
  default     = []
  description = "Security groups of the builder. A bake makes one, because Packer 1.6 cannot tag its own. Empty: Packer makes one."
}

variable "temporary_security_group_source_cidrs" {
  type        = list(string)
  default     = ["127.0.0.1/32"]
  description = "Who may reach port 22 of the builder when Packer makes the security group: only the caller's address."
}

variable "ssh_keypair_name" {
  type        = string
  default     = ""
  description = "Key pair of the builder. A bake imports its own Ed25519 key, because Debian's sshd refuses the RSA signatures of Packer 1.6."
}

variable "ssh_host" {
  type        = string
  default     = ""
  description = "Another machine in place of the builder, for an emulated AWS."
}

variable "ssh_port" {
  type    = number
  default = 22
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "Key of the encrypted snapshots. Empty: the account's own key for EBS."
}

variable "ami_regions" {
  type        = list(string)
  default     = []
  description = "Regions that get a copy."
}

variable "region_kms_key_ids" {
  type        = map(string)
  default     = {}
  description = "Key of the copy in each of those regions. Empty: the account's own key for EBS there."
}

variable "ami_users" {
  type        = list(string)
  default     = []
  description = "Accounts that may launch the image; EBS's default key cannot be shared."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of the image and its snapshots, in every region."
}

variable "run_tags" {
  type        = map(string)
  default     = {}
  description = "Tags of the builder and its volume."
}
