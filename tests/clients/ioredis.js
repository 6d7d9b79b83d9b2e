// ioredis.js - uses ioredis as an application would, and checks every reply.
//
// Usage: node ioredis.js CASE PORT [PASSWORD]

const assert = require('node:assert/strict')
const { once } = require('node:events')
const Redis = require('ioredis')

const [, , name, port, password] = process.argv

// A client with default settings, but for where the server is.
function connect(options = {}) {
  return new Redis({ port: Number(port), password, ...options })
}

const cases = {
  async values() {
    const redis = connect()
    const bytes = Buffer.from([0, 13, 10, 255])
    assert.equal(await redis.set('k', bytes), 'OK')
    assert.deepEqual(await redis.getBuffer('k'), bytes)
    assert.equal(await redis.set('k', 'new', 'NX'), null)
    assert.equal(await redis.set('k', 'v', 'EX', 100), 'OK')
    assert.ok((await redis.ttl('k')) > 90)
    assert.equal(await redis.set('k', 'w', 'KEEPTTL', 'GET'), 'v')
    assert.ok((await redis.pttl('k')) > 90_000)
    assert.equal(await redis.mset({ a: 1, b: 2 }), 'OK')
    assert.deepEqual(await redis.mget('a', 'nothing', 'b'), ['1', null, '2'])
    assert.deepEqual([await redis.incr('n'), await redis.incrby('n', 5)], [1, 6])
    assert.equal(await redis.incrbyfloat('f', 0.5), '0.5')
    assert.equal(await redis.del('k', 'a', 'nothing'), 2)
    assert.equal(await redis.get('k'), null)
    await redis.quit()
  },

  async pipelines() {
    const redis = connect()
    const pipeline = redis.pipeline()
    for (let i = 0; i < 1000; i++) pipeline.set(`k:${i}`, i).get(`k:${i}`)
    const replies = await pipeline.exec()
    assert.equal(replies.length, 2000)
    for (let i = 0; i < 1000; i++) {
      assert.deepEqual(replies[2 * i + 1], [null, String(i)])
    }
    assert.deepEqual(await redis.multi().set('t', 1).incr('t').exec(), [
      [null, 'OK'],
      [null, 2],
    ])
    await redis.multi({ pipeline: false })
    assert.equal(await redis.set('t', 5), 'QUEUED')
    assert.equal(await redis.discard(), 'OK')
    assert.equal(await redis.get('t'), '2')
    await redis.quit()
  },

  async scans() {
    const redis = connect({ keyPrefix: 'app:' })
    const names = Array.from({ length: 500 }, (_, i) => `user:${i}`)
    await redis.mset(Object.fromEntries(names.map((key) => [key, 'v'])))
    const found = new Set()
    for await (const keys of redis.scanStream({ match: 'app:user:*', count: 50 })) {
      keys.forEach((key) => found.add(key))
    }
    assert.deepEqual([...found].sort(), names.map((key) => `app:${key}`).sort())
    await redis.quit()
  },

  async errors() {
    const redis = connect()
    await redis.set('word', 'no number')
    await assert.rejects(redis.incr('word'), /ERR value is not an integer/)
    await assert.rejects(redis.call('GET'), /wrong number of arguments for 'get'/)
    await assert.rejects(redis.call('NONSENSE', 'a'), /unknown command/)
    assert.equal(await redis.get('word'), 'no number')
    await redis.quit()
  },

  // The connection goes, and what is asked meanwhile is answered by the next.
  async reconnects() {
    const redis = connect({ connectionName: 'mine' })
    const other = connect()
    assert.equal(await redis.client('GETNAME'), 'mine')
    const id = await redis.client('ID')
    const again = once(redis, 'reconnecting')
    assert.equal(await other.client('KILL', 'ID', id), 1)
    await again
    assert.equal(await redis.set('k', 'v'), 'OK')
    assert.notEqual(await redis.client('ID'), id)
    assert.equal(await redis.client('GETNAME'), 'mine')
    await Promise.all([redis.quit(), other.quit()])
  },

  // The server closes a connection that was silent for too long.
  async idles() {
    const redis = connect()
    const id = await redis.client('ID')
    await once(redis, 'close')
    assert.equal(await redis.set('k', 'v'), 'OK')
    assert.notEqual(await redis.client('ID'), id)
    await redis.quit()
  },

  async passwords() {
    const redis = connect()
    assert.equal(await redis.set('k', 'v'), 'OK')
    const version2 = connect({ username: 'default', protocol: 2 })
    assert.equal(await version2.get('k'), 'v')
    const wrong = connect({ password: 'wrong', retryStrategy: null })
    wrong.on('error', () => {})
    await assert.rejects(wrong.get('k'))
    wrong.disconnect()
    await Promise.all([redis.quit(), version2.quit()])
  },
}

cases[name]().then(() => console.log('ok'))
