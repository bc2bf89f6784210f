/**
 * For a test file to import before tap, which watches every promise to name the test that an uncaught error belongs to: that
 * takes half of the time of a simulation. Without the watch such an error ends the file, which fails, too.
 */
import asyncHooks, { type AsyncHook } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

const hook: AsyncHook = { enable: () => hook, disable: () => hook }
asyncHooks.createHook = () => hook
syncBuiltinESMExports()
