// npm's write-file-atomic in a running Node: node writer.js DIRECTORY-OF-node_modules [directory].
// With "directory" the directory is flushed too, which the package leaves to its user. Lines and bytes: see floor.c.
'use strict'
const fs = require('fs')
const path = require('path')
const readline = require('readline')
const found = path.join(process.argv[2], 'node_modules', 'write-file-atomic')
const writeFileAtomic = require(found)
const flushed = process.argv[3] === 'directory'

async function save (name, data) {
  await writeFileAtomic(name, data)
  if (!flushed) return
  const directory = await fs.promises.open(path.dirname(name), 'r')
  await directory.sync()
  await directory.close()
}

async function main () {
  process.stdout.write(require(path.join(found, 'package.json')).version + '\n')
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, size, number] = line.split('\t')
    if (size === undefined) { // what was there before? nobody knows
      process.stdout.write('\n')
      continue
    }
    const tag = `${size.padStart(7, '0')} ${number.padStart(7, '0')}\n`
    const data = Buffer.alloc(Number(size), tag)
    const wall = process.hrtime.bigint()
    const before = process.cpuUsage()
    let error
    try {
      await save(name, data)
    } catch (raised) {
      error = raised
    }
    const spent = process.cpuUsage(before)
    const taken = process.hrtime.bigint() - wall
    process.stdout.write(error ? `! ${error.message}\n` : `${taken} ${(spent.user + spent.system) * 1000}\n`)
  }
}

main()
