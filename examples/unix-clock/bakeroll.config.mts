export default {
  group: 'unix-clock',
  release: '1.0.0',
  service: {
    build: './build.sh',
    archive: 'unix-clock.tar',
    port: 8000,
    healthPath: '/healthz',
    timePath: '/time',
    timeFormat: 'unix',
  },
}
