#!/bin/sh
# nginx reads no environment, so its configuration is written at start: one upstream line a replica of the application.
set -eu
{
  cat <<EOF
daemon off;
pid /tmp/nginx.pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  upstream app {
EOF
  for address in $(echo "$NEMO_ADDR_APP" | tr ',' ' '); do
    echo "    server $address max_fails=1 fail_timeout=1s;"
  done
  cat <<EOF
  }
  server {
    listen 127.0.0.1:$PORT;
    location / {
      proxy_pass http://app;
      proxy_next_upstream error timeout http_502 http_503;
      proxy_connect_timeout 1s;
    }
  }
}
EOF
} >/tmp/nginx.conf
exec /usr/sbin/nginx -e stderr -c /tmp/nginx.conf
