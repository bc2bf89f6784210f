# The runtime of every release: Node and its libraries, nothing else. It is large, so it is baked once into the base
# image.
FROM scratch
ADD rootfs.tar /
