// express-login.js - a web application that keeps who is logged in in the
// store of connect-redis.
//
// Usage: node express-login.js PORT [PASSWORD]. Prints the port it listens on.
//
//   /login/NAME/SECONDS    logs in, for that long
//   /                      says who is logged in, and counts the visits
//   /logout                forgets the session

const { RedisStore } = require('connect-redis')
const express = require('express')
const session = require('express-session')
const { createClient } = require('redis')

const [, , port, password] = process.argv

async function main() {
  const client = createClient({ socket: { host: '127.0.0.1', port: Number(port) }, password })
  client.on('error', (error) => console.error(error.message))
  await client.connect()

  const app = express()
  app.use(
    session({
      store: new RedisStore({ client, prefix: 'session:' }),
      secret: 'not a secret',
      resave: false,
      saveUninitialized: false,
    })
  )
  app.get('/login/:name/:seconds', (request, response) => {
    request.session.user = request.params.name
    request.session.visits = 0
    request.session.cookie.maxAge = 1000 * Number(request.params.seconds)
    response.send('welcome')
  })
  app.get('/', (request, response) => {
    if (!request.session.user) return response.status(401).send('please log in')
    request.session.visits++
    response.send(`${request.session.user}, visit ${request.session.visits}`)
  })
  app.get('/logout', (request, response) => {
    request.session.destroy(() => response.send('bye'))
  })
  const server = app.listen(0, '127.0.0.1', () => {
    console.log(`listening on ${server.address().port}`)
  })
}

main()
