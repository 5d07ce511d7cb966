// Seven tenths of the time below one function, three tenths below another: node shares.cjs SECONDS.
let sink = 1;

function work(rounds) {
  let value = sink;
  for (let round = 0; round < rounds; round++) value = (Math.imul(value, 1664525) + 1013904223) | 0;
  sink = value;
}

function spend_seventy() {
  work(7 * 500_000);
}

function spend_thirty() {
  work(3 * 500_000);
}

const end = Date.now() + Number(process.argv[2]) * 1_000;
while (Date.now() < end) {
  spend_seventy();
  spend_thirty();
}
