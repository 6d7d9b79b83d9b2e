// node-redis.js - uses node-redis (the npm package redis) as an application
// would, and checks every reply.
//
// Usage: node node-redis.js CASE PORT [PASSWORD]

const assert = require('node:assert/strict')
const { createClient, createClientPool, RESP_TYPES } = require('redis')

const [, , name, port, password] = process.argv
const address = { socket: { host: '127.0.0.1', port: Number(port) }, password }

// A client with default settings, but for where the server is.
async function connect(options = {}) {
  const client = createClient({ ...address, ...options })
  client.on('error', (error) => console.log(error.message))
  return client.connect()
}

const cases = {
  async values() {
    const client = await connect()
    const bytes = Buffer.from([0, 13, 10, 255])
    assert.equal(await client.set('k', bytes), 'OK')
    const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
    assert.deepEqual(await raw.get('k'), bytes)
    assert.equal(await client.set('k', 'new', { condition: 'NX' }), null)
    const options = { expiration: { type: 'EX', value: 100 }, GET: true }
    await client.set('k', 'v')
    assert.equal(await client.set('k', 'w', options), 'v')
    assert.ok((await client.ttl('k')) > 90)
    assert.equal(await client.set('k', 'x', { expiration: 'KEEPTTL' }), 'OK')
    assert.ok((await client.pTTL('k')) > 90_000)
    assert.equal(await client.mSet({ a: '1', b: '2' }), 'OK')
    assert.deepEqual(await client.mGet(['a', 'nothing', 'b']), ['1', null, '2'])
    assert.deepEqual([await client.incr('n'), await client.incrBy('n', 5)], [1, 6])
    assert.equal(Number(await client.incrByFloat('f', 0.5)), 0.5)
    assert.equal(await client.del(['k', 'a', 'nothing']), 2)
    assert.equal(await client.get('k'), null)
    await client.close()
  },

  // Commands of one turn of Node's loop go out together.
  async pipelines() {
    const client = await connect()
    const numbers = Array.from({ length: 1000 }, (_, i) => i)
    await Promise.all(numbers.map((i) => client.set(`k:${i}`, String(i))))
    const values = await Promise.all(numbers.map((i) => client.get(`k:${i}`)))
    assert.deepEqual(values, numbers.map(String))
    assert.deepEqual(await client.multi().set('t', '1').incr('t').exec(), ['OK', 2])
    await client.set('word', 'no number')
    await assert.rejects(client.multi().incr('word').set('after', '1').exec())
    assert.equal(await client.get('after'), '1')
    await client.close()
  },

  async scans() {
    const client = await connect()
    const names = Array.from({ length: 500 }, (_, i) => `user:${i}`)
    await client.mSet(names.map((key) => [key, 'v']))
    const found = new Set()
    for await (const keys of client.scanIterator({ MATCH: 'user:*', COUNT: 50 })) {
      keys.forEach((key) => found.add(key))
    }
    assert.deepEqual([...found].sort(), [...names].sort())
    assert.equal(await client.dbSize(), 500)
    assert.equal(await client.flushDb(), 'OK')
    await client.close()
  },

  async errors() {
    const client = await connect()
    await client.set('word', 'no number')
    await assert.rejects(client.incr('word'), /ERR value is not an integer/)
    await assert.rejects(client.sendCommand(['GET']), /wrong number of arguments for 'get'/)
    await assert.rejects(client.sendCommand(['NONSENSE', 'a']), /unknown command/)
    assert.equal(await client.get('word'), 'no number')
    await client.close()
  },

  async server() {
    const client = await connect({ name: 'mine' })
    assert.equal(await client.clientGetName(), 'mine')
    assert.equal((await client.clientInfo()).id, await client.clientId())
    assert.equal((await client.clientList()).length, 1)
    assert.deepEqual({ ...(await client.configGet('maxmemory')) }, { maxmemory: '0' })
    assert.match(await client.info('server'), /redis_version:7\./)
    await client.set('k', 'v'.repeat(1000))
    assert.ok((await client.memoryUsage('k')) > 1000)
    assert.ok((await client.commandCount()) > 50)
    await client.close()
  },

  async pools() {
    const pool = createClientPool(address, { minimum: 1, maximum: 10 })
    await pool.connect()
    await Promise.all(Array.from({ length: 500 }, () => pool.incr('n')))
    assert.equal(await pool.get('n'), '500')
    await pool.close()
  },

  // The server closes a connection that was silent for too long; the client
  // reports that, and connects again by itself.
  async idles() {
    const client = createClient(address)
    const errors = []
    client.on('error', (error) => errors.push(error.message))
    await client.connect()
    const id = await client.clientId()
    await new Promise((resolve) => client.once('reconnecting', resolve))
    assert.equal(await client.set('k', 'v'), 'OK')
    assert.notEqual(await client.clientId(), id)
    assert.deepEqual(errors, ['Socket closed unexpectedly'])
    await client.close()
  },

  async passwords() {
    const client = await connect()
    assert.equal(await client.set('k', 'v'), 'OK')
    const version2 = await connect({ username: 'default', RESP: 2 })
    assert.equal(await version2.get('k'), 'v')
    const wrong = createClient({ ...address, password: 'wrong' })
    wrong.on('error', () => wrong.destroy())
    await assert.rejects(wrong.connect())
    await Promise.all([client.close(), version2.close()])
  },
}

cases[name]().then(() => console.log('ok'))
