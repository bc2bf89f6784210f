import { execa } from 'execa'
import t from 'tap'
import { keepScript, layersIn, putBackScript } from './kept-release.ts'

t.test('the scripts are shell, whatever the name of a content', async (t) => {
  for (const from of ['c0ffee', '1.0.0-ab', "it's"]) {
    for (const script of [keepScript(from), putBackScript(from)]) {
      const { exitCode, stderr } = await execa('sh', ['-n'], { input: script, reject: false })
      t.same([exitCode, stderr], [0, ''])
    }
  }
})

t.test('the layers of each image', (t) => {
  t.same(layersIn('["sha256:a","sha256:b"]\n["sha256:a"]\nnull\nother\n'), [['sha256:a', 'sha256:b'], ['sha256:a']])
  t.end()
})
