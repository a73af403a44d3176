// A stand-in for libcuda.so.1, for tests on machines without a card. It keeps
// the cards' memory on the host, does what streams were given when they are
// waited for, and no sooner, and checks what it is called with: handles that
// live, of the context that is current on the thread; addresses within buffers.
// What is wrong is told by standin_wrong. Tests ask for failures with
// standin_fail. eaglesong_search really runs, compiled from the kernel's source;
// CryptoNight's kernels check their arguments, and cn_finish finds the items
// that standin_plant names.

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int result;
typedef uint64_t address;

enum { CONTEXT = 1, STREAM, MODULE, FUNCTION };
enum { MAX_OBJECTS = 4096, MAX_BUFFERS = 4096, MAX_OPS = 256, MAX_FAILURES = 8 };

typedef struct object {
	int kind, live, lost; // lost: the code that all calls in a context return
	struct object *context;
	char name[64];
	struct op *ops, *last;
} object;

typedef struct op {
	struct op *next;
	int kind; // 0 to the device, 1 to the host, 2 a kernel
	void *host;
	address device;
	uint64_t bytes;
	object *function;
	uint32_t items, group;
	uint64_t args[4];
} op;

static struct { address at; uint64_t bytes; char *data; object *context; } buffers[MAX_BUFFERS];
static struct { char call[32]; int code, after; } failures[MAX_FAILURES];
static object *objects[MAX_OBJECTS];
static int object_count, buffer_count, failure_count, device_count = 2, capability = 86, plants;
static uint32_t planted[1024];
static address next_address = 0x700000000000;
static uint64_t free_memory = 256ull << 20;
static char wrong[512], launched[65536], image[1 << 20], jit_log[256];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread object *stack[16];
static __thread int depth;

// The kernel's source, as C.
#define __kernel static
#define __global
#define __attribute__(x)
typedef uint32_t uint;
typedef uint64_t ulong;
static uint item_now;
static uint get_global_id(int d) { return d == 0 ? item_now : 0; }
static uint get_local_id(int d) { return d; }
static uint rotate(uint x, uint n) { return x << (n & 31) | x >> (-n & 31); }
static uint atomic_inc(volatile uint *p) { return (*p)++; }
#include "eaglesong.c"

#define API __attribute((visibility("default")))
#define ENTER(name) pthread_mutex_lock(&lock); result r = failing(name); if (r) return leave(r)

static result leave(result r)
{
	pthread_mutex_unlock(&lock);
	return r;
}

static void complain(const char *call, const char *what)
{
	if (!wrong[0])
		snprintf(wrong, sizeof wrong, "%s: %s", call, what);
}

static result failing(const char *call)
{
	for (int i = 0; i < failure_count; i++)
		if (!strcmp(failures[i].call, call) && failures[i].after-- == 0)
			return failures[i].code;
	return 0;
}

static object *make(int kind, object *context)
{
	object *o = calloc(1, sizeof *o);
	o->kind = kind, o->live = 1, o->context = context;
	objects[object_count++] = o;
	return o;
}

// current is the context of this thread, and whether it is still usable.
static object *current(const char *call, result *r)
{
	if (!depth) {
		complain(call, "no context is current on this thread");
		*r = 201;
		return 0;
	}
	*r = stack[depth - 1]->lost;
	return stack[depth - 1];
}

// own complains of a handle that is not of a kind, alive, and of the current
// context. Releasing is allowed in a lost one.
static int own(const char *call, object *o, int kind)
{
	result r;
	object *c = current(call, &r);
	int known = 0;
	for (int i = 0; i < object_count; i++)
		known |= objects[i] == o;
	if (!known || o->kind != kind || !o->live || o->context != c) {
		complain(call, "a handle that is none");
		return 0;
	}
	return 1;
}

static char *host(const char *call, address at, uint64_t bytes)
{
	for (int i = 0; i < buffer_count; i++)
		if (buffers[i].data && at >= buffers[i].at && at + bytes <= buffers[i].at + buffers[i].bytes)
			return buffers[i].data + (at - buffers[i].at);
	complain(call, "memory beyond a buffer");
	return 0;
}

static void search(op *o)
{
	uint32_t *work = (uint32_t *)host("eaglesong_search", o->args[0], 19 * 4);
	uint32_t *hits = (uint32_t *)host("eaglesong_search", o->args[2], 256 * 4);
	if (work && hits)
		for (item_now = 0; item_now < o->items; item_now++)
			eaglesong_search(work, (uint32_t)o->args[1], hits);
}

static void finish(op *o)
{
	host("cn_finish", o->args[0], 208ull * o->items);
	uint64_t *digests = (uint64_t *)host("cn_finish", o->args[2], 32ull * o->items);
	uint32_t *hits = (uint32_t *)host("cn_finish", o->args[3], 256 * 4);
	if (!digests || !hits)
		return;
	memset(digests, 0xff, 32ull * o->items);
	for (int i = 0; i < plants; i++)
		if (planted[i] < o->items) {
			memset(digests + 4 * planted[i], 0, 32);
			if (hits[0]++ < 255)
				hits[hits[0]] = planted[i];
		}
}

// run does one thing that a stream was given.
static void run(op *o)
{
	char *data;
	if (o->kind < 2) {
		if ((data = host("copy", o->device, o->bytes)))
			o->kind ? memcpy(o->host, data, o->bytes) : memcpy(data, o->host, o->bytes);
		return;
	}
	const char *name = o->function->name;
	if (!strcmp(name, "eaglesong_search")) {
		search(o);
	} else if (!strcmp(name, "cn_prepare")) {
		host(name, o->args[0], 136 * (uint32_t)o->args[1]);
		host(name, o->args[3], 208ull * o->items);
	} else if (!strcmp(name, "cn_finish")) {
		finish(o);
	} else {
		uint64_t hashes = !strcmp(name, "cn_loop") ? o->items : !strcmp(name, "cn_loop of cn/gpu") ? o->items / 16 : o->items / 8;
		host(name, o->args[0], 208 * hashes);
		host(name, o->args[1], 1024 * hashes);
		if (!strcmp(name, "cn_loop") && (uint32_t)o->args[2] != o->group)
			complain(name, "it is told another group size");
	}
}

static void add(object *stream, op o)
{
	op *copy = malloc(sizeof o);
	*copy = o;
	copy->next = 0;
	if (stream->last)
		stream->last->next = copy;
	else
		stream->ops = copy;
	stream->last = copy;
}

static void drain(object *stream, int lost)
{
	for (op *o = stream->ops, *next; o; o = next) {
		next = o->next;
		if (!lost)
			run(o);
		free(o);
	}
	stream->ops = stream->last = 0;
}

API result cuInit(unsigned flags)
{
	ENTER("cuInit");
	if (flags)
		complain("cuInit", "flags");
	return leave(0);
}

API result cuDriverGetVersion(int *v) { *v = 12040; return 0; }

API result cuGetErrorName(result code, const char **out)
{
	static const struct { int code; const char *name; } names[] = {
		{2, "CUDA_ERROR_OUT_OF_MEMORY"}, {100, "CUDA_ERROR_NO_DEVICE"}, {218, "CUDA_ERROR_INVALID_PTX"},
		{719, "CUDA_ERROR_LAUNCH_FAILED"}, {999, "CUDA_ERROR_UNKNOWN"}, {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
	};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].code == code) {
			*out = names[i].name;
			return 0;
		}
	*out = 0;
	return 1;
}

API result cuGetErrorString(result code, const char **out)
{
	*out = code == 2 ? "out of memory" : 0;
	return code == 2 ? 0 : 1;
}

API result cuDeviceGetCount(int *n) { ENTER("cuDeviceGetCount"); *n = device_count; return leave(0); }
API result cuDeviceGet(int *d, int ordinal) { ENTER("cuDeviceGet"); *d = 40 + ordinal; return leave(0); }

API result cuDeviceGetName(char *out, int size, int d)
{
	snprintf(out, size, "Stand-in %d", d - 40);
	return 0;
}

API result cuDeviceGetPCIBusId(char *out, int size, int d)
{
	snprintf(out, size, "0000:%02X:00.0", 0x0A + d - 40);
	return 0;
}

API result cuDeviceTotalMem_v2(uint64_t *out, int d) { *out = d < 40 ? 0 : 8ull << 30; return 0; }

API result cuDeviceGetAttribute(int *out, int what, int d)
{
	ENTER("cuDeviceGetAttribute");
	*out = what == 16 ? 4 : what == 75 ? capability / 10 : what == 76 ? capability % 10 : -1;
	return leave(d < 40 ? 101 : 0);
}

API result cuCtxCreate_v2(object **out, unsigned flags, int d)
{
	ENTER("cuCtxCreate");
	if (flags != 4 || d < 40)
		complain("cuCtxCreate", "flags or device");
	*out = stack[depth++] = make(CONTEXT, 0);
	return leave(0);
}

API result cuCtxDestroy_v2(object *c)
{
	pthread_mutex_lock(&lock);
	if (c->kind != CONTEXT || !c->live)
		complain("cuCtxDestroy", "no context");
	c->live = 0;
	return leave(c->lost);
}

API result cuCtxPushCurrent_v2(object *c)
{
	ENTER("cuCtxPushCurrent");
	if (!c || c->kind != CONTEXT || !c->live)
		complain("cuCtxPushCurrent", "no context");
	stack[depth++] = c;
	return leave(0);
}

API result cuCtxPopCurrent_v2(object **c)
{
	ENTER("cuCtxPopCurrent");
	if (!depth)
		complain("cuCtxPopCurrent", "no context is current");
	else
		*c = stack[--depth];
	return leave(0);
}

API result cuMemGetInfo_v2(uint64_t *available, uint64_t *total)
{
	ENTER("cuMemGetInfo");
	current("cuMemGetInfo", &r);
	*available = free_memory, *total = 8ull << 30;
	return leave(r);
}

API result cuMemAlloc_v2(address *out, uint64_t bytes)
{
	ENTER("cuMemAlloc");
	object *c = current("cuMemAlloc", &r);
	if (r)
		return leave(r);
	buffers[buffer_count].at = *out = next_address;
	buffers[buffer_count].bytes = bytes;
	buffers[buffer_count].data = malloc(bytes);
	buffers[buffer_count++].context = c;
	next_address += (bytes + 0xffff) & ~0xffffull;
	return leave(0);
}

API result cuMemFree_v2(address at)
{
	ENTER("cuMemFree");
	object *c = current("cuMemFree", &r);
	for (int i = 0; i < buffer_count; i++)
		if (buffers[i].data && buffers[i].at == at && buffers[i].context == c) {
			free(buffers[i].data);
			buffers[i].data = 0;
			return leave(r);
		}
	complain("cuMemFree", "no buffer");
	return leave(1);
}

API result cuStreamCreate(object **out, unsigned flags)
{
	ENTER("cuStreamCreate");
	object *c = current("cuStreamCreate", &r);
	if (flags != 1)
		complain("cuStreamCreate", "flags");
	if (!r)
		*out = make(STREAM, c);
	return leave(r);
}

API result cuStreamSynchronize(object *s)
{
	pthread_mutex_lock(&lock);
	result r;
	object *c = current("cuStreamSynchronize", &r);
	if (own("cuStreamSynchronize", s, STREAM) && !r) {
		r = failing("cuStreamSynchronize");
		if (r >= 700)
			c->lost = r;
		drain(s, r);
	}
	return leave(r);
}

API result cuStreamDestroy_v2(object *s)
{
	ENTER("cuStreamDestroy");
	current("cuStreamDestroy", &r);
	if (own("cuStreamDestroy", s, STREAM)) {
		drain(s, r);
		s->live = 0;
	}
	return leave(r);
}

static result copy(const char *call, op o, object *s)
{
	ENTER(call);
	current(call, &r);
	if (own(call, s, STREAM) && !r)
		add(s, o);
	return leave(r);
}

API result cuMemcpyHtoDAsync_v2(address to, const void *from, uint64_t bytes, object *s)
{
	return copy("cuMemcpyHtoDAsync", (op){.kind = 0, .host = (void *)from, .device = to, .bytes = bytes}, s);
}

API result cuMemcpyDtoHAsync_v2(void *to, address from, uint64_t bytes, object *s)
{
	return copy("cuMemcpyDtoHAsync", (op){.kind = 1, .host = to, .device = from, .bytes = bytes}, s);
}

API result cuModuleLoadDataEx(object **out, const char *text, unsigned n, int *options, void **values)
{
	pthread_mutex_lock(&lock);
	result r = failing("cuModuleLoadDataEx"), bad;
	object *c = current("cuModuleLoadDataEx", &bad);
	snprintf(image, sizeof image, "%s", text);
	for (unsigned i = 0; i < n; i++)
		if (options[i] == 5 && r)
			snprintf(values[i], (size_t)(i + 1 < n && options[i + 1] == 6 ? values[i + 1] : 0), "%s", jit_log);
	if (!strstr(text, ".version") || !strstr(text, ".entry"))
		complain("cuModuleLoadDataEx", "this is not PTX");
	if (!r && !(r = bad))
		snprintf((*out = make(MODULE, c))->name, 64, "%s", strstr(text, "cn_loop_param_2") ? "" : " of cn/gpu");
	return leave(r);
}

API result cuModuleUnload(object *m)
{
	ENTER("cuModuleUnload");
	current("cuModuleUnload", &r);
	if (own("cuModuleUnload", m, MODULE))
		m->live = 0;
	return leave(r);
}

API result cuModuleGetFunction(object **out, object *m, const char *name)
{
	ENTER("cuModuleGetFunction");
	object *c = current("cuModuleGetFunction", &r);
	if (!own("cuModuleGetFunction", m, MODULE))
		return leave(400);
	*out = make(FUNCTION, c);
	(*out)->last = (op *)m; // it lives as long as its module
	snprintf((*out)->name, 64, "%s%s", name, strcmp(name, "cn_loop") ? "" : m->name);
	return leave(r);
}

API result cuLaunchKernel(object *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
	unsigned shared, object *s, void **params, void **extra)
{
	ENTER("cuLaunchKernel");
	current("cuLaunchKernel", &r);
	if (!own("cuLaunchKernel", f, FUNCTION) || !((object *)f->last)->live || !own("cuLaunchKernel", s, STREAM) || r)
		return leave(r ? r : 400);
	if (gy != 1 || gz != 1 || by != 1 || bz != 1 || shared || extra || !gx || !bx || bx > 1024)
		complain("cuLaunchKernel", "shape");
	op o = {.kind = 2, .function = f, .items = gx * bx, .group = bx};
	static const struct { const char *name, *args; } shapes[] = { // sizes of arguments
		{"eaglesong_search", "848"}, {"cn_prepare", "8448"}, {"cn_fill", "88"},
		{"cn_loop", "884"}, {"cn_loop of cn/gpu", "88"}, {"cn_drain", "88"}, {"cn_finish", "8888"},
	};
	const char *args = 0;
	for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (!strcmp(shapes[i].name, f->name))
			args = shapes[i].args;
	if (!args) {
		complain("cuLaunchKernel", "no such kernel");
		return leave(500);
	}
	for (int i = 0; args[i]; i++)
		memcpy(&o.args[i], params[i], args[i] - '0');
	add(s, o);
	size_t n = strlen(launched);
	snprintf(launched + n, sizeof launched - n, "%s %u/%u\n", f->name, o.items, bx);
	return leave(0);
}

// For tests.

API void standin_fail(const char *call, int code, int after)
{
	pthread_mutex_lock(&lock);
	snprintf(failures[failure_count].call, 32, "%s", call);
	failures[failure_count].code = code;
	failures[failure_count++].after = after;
	pthread_mutex_unlock(&lock);
}

API void standin_cards(int count, int cc, uint64_t available)
{
	device_count = count, capability = cc, free_memory = available;
}

API void standin_plant(uint32_t item) { planted[plants++] = item; }
API void standin_say(const char *log) { snprintf(jit_log, sizeof jit_log, "%s", log); }
API const char *standin_wrong(void) { return wrong; }
API const char *standin_launched(void) { return launched; }
API const char *standin_image(void) { return image; }

// standin_live counts what was made and not given up.
API int standin_live(void)
{
	pthread_mutex_lock(&lock);
	int n = 0;
	for (int i = 0; i < object_count; i++)
		n += objects[i]->live && objects[i]->kind != FUNCTION;
	for (int i = 0; i < buffer_count; i++)
		n += buffers[i].data != 0;
	leave(0);
	return n;
}
