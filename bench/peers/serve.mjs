import process from 'node:process'

// Ends with the bench, however that ends.
process.on('disconnect', () => process.exit())

/** Tells the bench where the peer is, which `listen` makes listen on a port of its own. Express and node:http alike. */
export function serve(listen) {
  const server = listen({ port: 0, host: '127.0.0.1' }, () => {
    process.send({ url: `http://127.0.0.1:${server.address().port}` })
  })
}
