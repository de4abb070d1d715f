/** nginx as a proxy for streams. */

/** Kept-alive connections on both sides, no buffering of answers, no log: the least that a proxy for streams needs. */
export const nginxConfig = (upstream: number, port: number): string => `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
error_log errors;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 100000000;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  upstream up { server 127.0.0.1:${upstream}; keepalive 1024; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://up;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
