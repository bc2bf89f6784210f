# What every release runs on: Node and the libraries it needs, nothing else. Heavy, so baked once into the base image.
FROM scratch
ADD rootfs.tar /
