export default {
  group: 'wall-clock',
  release: '1.0.0',
  service: {
    build: './build.sh',
    archive: 'wall-clock.tar',
    port: 8000,
    healthPath: '/health',
    timePath: '/wall',
    timeFormat: 'time-of-day',
  },
}
