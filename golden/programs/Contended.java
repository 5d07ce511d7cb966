/** Allocates and waits for a lock, in two threads beside a third that computes; says when it has begun. */
class Contended {
    static final Object LOCK = new Object();
    static volatile Object sink;

    /** Of what is allocated, the last ten megabytes stay in use. */
    static final byte[][] KEPT = new byte[1_000][];

    static void waste() {
        for (int at = 0; at < KEPT.length; at++) KEPT[at] = new byte[10_000];
    }

    static void locked() {
        synchronized (LOCK) {
            waste();
        }
    }

    static long compute(int rounds) {
        long sum = 0;
        for (int round = 0; round < rounds; round++) sum += (long) round * round;
        return sum;
    }

    public static void main(String[] words) {
        for (int i = 0; i < 2; i++) {
            Thread thread = new Thread(() -> {
                while (true) locked();
            });
            thread.setDaemon(true);
            thread.start();
        }
        System.out.println("ready");
        long end = System.nanoTime() + Long.parseLong(words[0]) * 1_000_000_000L;
        while (System.nanoTime() < end) sink = compute(1_000_000);
    }
}
