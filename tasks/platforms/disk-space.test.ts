import { join } from 'node:path'
import t from 'tap'
import { checkDisk } from './disk-space.ts'
import { homeAt } from './home.ts'

t.test('disk, of the nearest folder that exists', async (t) => {
  const folder = t.testdir()
  const home = homeAt(join(folder, 'not', 'yet', 'there'))
  await checkDisk(home, 1)
  await t.rejects(checkDisk(home, 2 ** 40), {
    kind: 'refused',
    message: new RegExp(`^${folder} has \\d+ MiB of free disk space; 1099511627776 MiB are needed$`),
    hint: /^npm run images -- --retire removes old images/,
  })
})
