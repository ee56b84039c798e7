import process from 'node:process'

// Ends with the bench, however that ends.
process.on('disconnect', () => process.exit())

/** Makes `server` listen on a port of its own and tells the bench where that is. */
export function serve(server) {
  server.listen({ port: 0, host: '127.0.0.1' }, () => {
    process.send({ url: `http://127.0.0.1:${server.address().port}` })
  })
}
