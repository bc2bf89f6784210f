import os

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"
chdir = '/opt/app'
workers = 1
threads = 16
# The file system of the container is read-only, except for /tmp.
worker_tmp_dir = '/tmp'
control_socket_disable = True
# nginx keeps connections; it must not meet one that closes.
keepalive = 75
