/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "rpc/connection.h"
#include "rpc/hub.h"
#include "rpc/peers.h"
#include "rpc/socket_path.h"
#include "rpc/stream.h"
#include "rpc/tcp_address.h"

/* A connection as the server counts it. */
struct client {
	struct connection_owner owner;
	struct server *server;
	struct connection *connection;
	struct client *next, **link; /* link: what points at it */
};

struct server {
	struct hub hub;
	uint32_t connections_max, connections_per_peer_max;
	struct stream_listener *ipc, *tcp;
	struct socket_path socket_path; /* with `ipc` */

	pthread_mutex_t lock; /* for the rest; a connection's lock may be held when it is taken */
	struct client *clients;
	struct peers peers;
	uint64_t accepted, refused;
	uint32_t served_now, refused_now;
};

/* --- clients --- */

enum admission { ADMITTED, REFUSED, SHUT_OUT };

/* With the lock held, as dismiss, which undoes it. */
static enum admission admit(struct server *server, struct peer *peer)
{
	peer->connection = ++server->accepted;
	if (server->served_now < server->connections_max &&
		peers_enter(&server->peers, peer->address, server->connections_per_peer_max)) {
		server->served_now++;
		return ADMITTED;
	}
	server->refused++;
	if (server->refused_now == SERVER_CONNECTIONS_REFUSED)
		return SHUT_OUT;
	server->refused_now++;
	return REFUSED;
}

static void dismiss(struct server *server, const struct peer *peer, bool refused)
{
	if (refused) {
		server->refused_now--;
		return;
	}
	server->served_now--;
	peers_leave(&server->peers, peer->address);
}

static void client_gone(struct connection_owner *owner, struct connection *connection)
{
	struct client *client = CONTAINER_OF(owner, struct client, owner);
	struct server *server = client->server;

	pthread_mutex_lock(&server->lock);
	dismiss(server, connection_peer(connection), connection_refused(connection));
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	pthread_mutex_unlock(&server->lock);
	free(client);
}

/* Takes over the stream, unless memory is out. */
static struct connection *client_new(
	struct server *server, struct stream *stream, const struct peer *peer, bool refused)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->server = server;
	client->owner.gone = client_gone;
	client->connection = connection_new(&server->hub, &client->owner, stream, peer, refused);
	if (!client->connection) {
		free(client);
		return NULL;
	}
	client->next = server->clients;
	client->link = &server->clients;
	if (client->next)
		client->next->link = &client->next;
	server->clients = client;
	return client->connection;
}

static void on_accepted(void *context, struct stream *stream)
{
	struct server *server = context;
	struct connection *connection = NULL;
	enum admission admission = SHUT_OUT;
	struct peer peer = { 0 };

	pthread_mutex_lock(&server->lock);
	if (stream_peer(stream, &peer))
		admission = admit(server, &peer);
	if (admission != SHUT_OUT) {
		connection = client_new(server, stream, &peer, admission == REFUSED);
		if (!connection)
			dismiss(server, &peer, admission == REFUSED);
	}
	pthread_mutex_unlock(&server->lock);
	if (connection)
		connection_start(connection);
	else
		stream_free(stream);
}

/* --- life --- */

static uint32_t limit(uint32_t wanted, uint32_t standard)
{
	return wanted > 0 ? wanted : standard;
}

static struct server *server_new(const struct server_options *options)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		abort();
	server->hub.handle = options->handle;
	server->hub.refusal = options->refusal;
	server->hub.context = options->context;
	server->hub.io_timeout_ms =
		options->io_timeout_ms > 0 ? options->io_timeout_ms : SERVER_IO_TIMEOUT_MS;
	server->hub.in_flight_max = limit(options->in_flight_max, SERVER_IN_FLIGHT);
	server->connections_max = limit(options->connections_max, SERVER_CONNECTIONS);
	server->connections_per_peer_max =
		limit(options->connections_per_peer_max, SERVER_CONNECTIONS_PER_PEER);
	server->socket_path.lock = -1;
	pthread_mutex_init(&server->lock, NULL);
	return server;
}

/* Of a server that has not begun to accept. */
static void server_cleanup(struct server **server)
{
	if (!*server)
		return;
	stream_listener_free((*server)->ipc);
	stream_listener_free((*server)->tcp);
	socket_path_withdraw(&(*server)->socket_path);
	socket_path_unlock(&(*server)->socket_path);
	free(*server);
}

static struct status listen_ipc(struct server *server, const struct server_options *options)
{
	mode_t mode = options->ipc_mode != 0 ? options->ipc_mode : 0666;

	if (options->ipc_socket) {
		TRY(socket_path_lock(&server->socket_path, options->ipc_path));
		return stream_listen_passed(options->ipc_socket, &server->ipc);
	}
	TRY(socket_path_claim(&server->socket_path, options->ipc_path));
	TRY(stream_listen_ipc(server->socket_path.temporary, mode, &server->ipc));
	return socket_path_publish(&server->socket_path);
}

static struct status listen_tcp(struct server *server, const struct server_options *options)
{
	struct sockaddr_storage address;

	if (options->tcp_socket)
		return stream_listen_passed(options->tcp_socket, &server->tcp);
	TRY(tcp_address_read(options->tcp_address, options->tcp_anywhere, &address));
	return stream_listen_tcp(&address, &server->tcp);
}

static struct status accept_all(struct server *server)
{
	if (server->ipc)
		TRY(stream_listener_accept(server->ipc, on_accepted, server));
	if (server->tcp)
		TRY(stream_listener_accept(server->tcp, on_accepted, server));
	return OK;
}

struct status server_start(const struct server_options *options, struct server **result)
{
	CLEANUP(server_cleanup) struct server *server = server_new(options);
	struct server *started;

	if (options->tcp_address)
		TRY(listen_tcp(server, options));
	if (options->ipc_path)
		TRY(listen_ipc(server, options));
	hub_init(&server->hub);

	/* From here on the loop may be at work on it. */
	started = server;
	server = NULL;
	*result = started; /* the first call may come, and ask for it, before this returns */
	return accept_all(started);
}

uint16_t server_tcp_port(const struct server *server)
{
	return server->tcp ? stream_listener_port(server->tcp) : 0;
}

void server_statistics(const struct server *server, struct server_statistics *statistics)
{
	struct server *mutable = (struct server *)(uintptr_t)server;

	pthread_mutex_lock(&mutable->lock);
	*statistics = (struct server_statistics){
		.accepted = server->accepted,
		.connections = server->served_now + server->refused_now,
		.refused = server->refused,
		.requests = atomic_load(&server->hub.requests),
		.replies = atomic_load(&server->hub.replies),
		.in_flight = atomic_load(&server->hub.in_flight),
	};
	pthread_mutex_unlock(&mutable->lock);
}

bool server_drain(struct server *server, int timeout_ms)
{
	hub_shut(&server->hub);
	if (server->ipc)
		stream_listener_close(server->ipc);
	if (server->tcp)
		stream_listener_close(server->tcp);
	if (server->ipc)
		socket_path_withdraw(&server->socket_path);
	return hub_wait(&server->hub, timeout_ms);
}
