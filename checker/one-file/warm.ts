/** Runs a bundle, `node warm.ts FILE CACHE WORDS...`, and at exit writes the code cache of everything that ran. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { readScript, runScript } from './load.ts'

const [node = '', , path = '', cachePath = '', ...words] = process.argv
const file = readFileSync(path)
const { href } = pathToFileURL(path)
const builtins = process.getBuiltinModule ?? createRequire(import.meta.url)
const script = readScript(file, builtins, undefined, href)
process.argv = [node, path, ...words]
process.on('exit', () => writeFileSync(cachePath, script.createCachedData()))
runScript(script, file, builtins, href)
