import { join } from 'node:path'
import { nginxFile } from '../nginx/nginx.ts'

/** nginx in front of this service: it gets few and small requests, and answers at once. */
export const nginxSettings = {
  upstreamPort: 3000,
  bodyLimit: '1k',
  answerTimeoutSeconds: 10,
  ...nginxFile(join(import.meta.dirname, 'nginx-lines.conf'), 'app/nginx-lines.conf'),
}
