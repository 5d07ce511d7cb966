import {
  CPU,
  createProfileBuilder,
  type FrameKind,
  labelsOf,
  type Profile,
} from '@kube-eagle/profile';

/** Calls of a made-up shop: `kind:name;…;kind:name value`, without its kind one of the caller's. */
const CART = `
go:runtime.goexit;net/http.(*conn).serve;net/http.serverHandler.ServeHTTP;main.(*Cart).ServeHTTP;main.(*Cart).checkout;main.priceOf;encoding/json.Unmarshal;encoding/json.(*decodeState).object;encoding/json.(*decodeState).value 210
go:runtime.goexit;net/http.(*conn).serve;net/http.serverHandler.ServeHTTP;main.(*Cart).ServeHTTP;main.(*Cart).checkout;main.priceOf;runtime.mapaccess2_faststr 95
go:runtime.goexit;net/http.(*conn).serve;net/http.serverHandler.ServeHTTP;main.(*Cart).ServeHTTP;main.(*Cart).checkout;main.discount;strconv.ParseFloat 64
go:runtime.goexit;net/http.(*conn).serve;net/http.serverHandler.ServeHTTP;main.(*Cart).ServeHTTP;main.(*Cart).list;encoding/json.Marshal;reflect.Value.MapRange 120
go:runtime.goexit;net/http.(*conn).serve;net/http.(*conn).readRequest;bufio.(*Reader).ReadLine;syscall.read;kernel:entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_read;vfs_read;sock_read_iter;tcp_recvmsg 88
go:runtime.goexit;net/http.(*conn).serve;bufio.(*Writer).Flush;syscall.write;kernel:entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_write;vfs_write;sock_write_iter;tcp_sendmsg;tcp_sendmsg_locked;__tcp_push_pending_frames 132
go:runtime.goexit;runtime.gcBgMarkWorker;runtime.systemstack;runtime.gcDrain;runtime.scanobject 140
go:runtime.goexit;runtime.gcBgMarkWorker;runtime.systemstack;runtime.gcDrain;runtime.greyobject 45
`;
const ORDERS = `
jvm:java.lang.Thread.run;org.apache.tomcat.util.net.NioEndpoint.doRun;org.springframework.web.servlet.FrameworkServlet.service;shop.orders.OrderController.create;shop.orders.OrderService.place;org.hibernate.internal.SessionImpl.persist;java.util.HashMap.getNode 160
jvm:java.lang.Thread.run;org.apache.tomcat.util.net.NioEndpoint.doRun;org.springframework.web.servlet.FrameworkServlet.service;shop.orders.OrderController.create;shop.orders.OrderService.place;shop.orders.Tax.of;java.math.BigDecimal.divide 84
jvm:java.lang.Thread.run;org.apache.tomcat.util.net.NioEndpoint.doRun;org.springframework.web.servlet.FrameworkServlet.service;shop.orders.OrderController.list;com.fasterxml.jackson.databind.ObjectMapper.writeValue;java.util.ArrayList.forEach 72
native:start_thread;thread_native_entry;GangWorker::loop;G1ParTask::work;G1ParScanThreadState::trim_queue 110
native:start_thread;thread_native_entry;CompileBroker::compiler_thread_loop;C2Compiler::compile_method;Compile::Optimize;PhaseIdealLoop::build_and_optimize 58
`;
const RANKING = `
native:_start;__libc_start_main;main;Py_RunMain;cpython:<module>;serve_forever;handle;rank;score;native:numpy::dot;cblas_sgemm 190
native:_start;__libc_start_main;main;Py_RunMain;cpython:<module>;serve_forever;handle;rank;sort_by_score 76
native:_start;__libc_start_main;main;Py_RunMain;cpython:<module>;serve_forever;handle;load;json.loads;scan_once 61
v8js:render;renderToString;renderNode;native:v8::internal::JsonStringify 54
rust:tokio::runtime::task::harness::poll;hyper::proto::h1::dispatch::Dispatcher::poll;gateway::route;regex::exec::ExecNoSync::find_at 70
kernel:ret_from_fork;kthread;worker_thread;process_one_work;blk_mq_run_work_fn 33
kernel:secondary_startup_64;cpu_startup_entry;do_idle;native:unused 2
`;

const SERVICES: Readonly<Record<string, string>> = { cart: CART, orders: ORDERS, ranking: RANKING };
const WINDOW_MS = 10_000;
const NS_PER_SAMPLE = 1e9 / 19;

/** CPU time of three services, window by window up to `endMs`: heavier in waves. */
export function shopProfile(endMs: number, windows: number): Profile {
  const builder = createProfileBuilder();
  for (const [service, text] of Object.entries(SERVICES)) {
    const labels = labelsOf([
      ['namespace', 'shop'],
      ['service_name', service],
    ]);
    const series = builder.series(labels, CPU, NS_PER_SAMPLE);
    const stacks = text
      .trim()
      .split('\n')
      .map((line) => stackOf(line, builder));
    for (let window = 0; window < windows; window++) {
      const timeMs = endMs - (windows - window) * WINDOW_MS;
      const wave = 1 + 0.5 * Math.sin(window / 9 + service.length);
      let taken = 0;
      for (const { stack, samples } of stacks) {
        const count = Math.round((samples * wave) / 20);
        taken += count;
        builder.sample({ timeMs, series, stack, value: count * NS_PER_SAMPLE });
      }
      builder.quality({
        timeMs,
        series,
        taken,
        lost: 0,
        truncated: 1,
        unsymbolized: 2,
        guessed: 0,
      });
    }
  }
  return builder.finish(endMs - windows * WINDOW_MS, windows * WINDOW_MS * 1e6);
}

function stackOf(line: string, builder: ReturnType<typeof createProfileBuilder>) {
  const [, path = '', samples = '0'] = /^(.*) (\d+)$/.exec(line) ?? [];
  let stack: Parameters<typeof builder.stack>[0] = -1;
  let kind: FrameKind = 'unknown';
  for (const step of path.split(';')) {
    const [, ownKind, name = ''] = /^(?:([a-z0-9]+):(?!:))?(.*)$/.exec(step) ?? [];
    if (ownKind) kind = ownKind as FrameKind;
    stack = builder.stack(stack, builder.frame({ function: builder.function(name), kind }));
  }
  return { stack, samples: Number(samples) };
}
