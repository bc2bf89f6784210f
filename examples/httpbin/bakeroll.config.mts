export default {
  group: 'shop',
  release: '1.0.0',
  service: {
    build: './build.sh',
    archive: 'shop.tar',
    port: 8000,
    healthPath: '/status/200',
    env: { GREETING: 'hello' },
    bodyLimit: '20m',
  },
}
