/** Runs test files in one process and stops at the first failure: `node mutation-tests.ts FILE...`, relative to the working folder. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

process.env['TAP_BAIL'] = '1'
for (const file of process.argv.slice(2)) await import(pathToFileURL(resolve(file)).href)
