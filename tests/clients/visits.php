<?php
// visits.php - a web application that counts the visits of each visitor, in
// PHP's own sessions; and at /values, PhpRedis used as a cache.
//
// Run by `php -S HOST:PORT visits.php`. REDIS_PORT and REDIS_PASSWORD say where
// the cache is; where sessions are is a setting of PHP.

ini_set('display_errors', '1');

function check(bool $ok, string $what): void
{
    if (!$ok) {
        throw new RuntimeException("wrong: $what");
    }
}

// Uses PhpRedis as a cache would.
function use_values(int $port, string $password): void
{
    $redis = new Redis();
    $redis->connect('127.0.0.1', $port, 10);
    $redis->auth($password);
    check($redis->set('k', "a\0\r\nz") && $redis->get('k') === "a\0\r\nz", 'SET');
    check($redis->set('k', 'v', ['nx', 'ex' => 10]) === false, 'SET NX EX');
    check($redis->set('k', 'v', ['xx', 'px' => 90000]), 'SET XX PX');
    check($redis->ttl('k') > 80 && $redis->pttl('k') > 80000, 'TTL');
    check($redis->setex('t', 100, 'v') && $redis->expire('t', 50), 'SETEX');
    check($redis->mset(['a' => '1', 'b' => '2']), 'MSET');
    check($redis->mget(['a', 'nothing', 'b']) === ['1', false, '2'], 'MGET');
    check($redis->incr('n') === 1 && $redis->incrBy('n', 5) === 6, 'INCR');
    check($redis->multi()->set('m', '1')->incr('m')->exec() === [true, 2], 'MULTI');
    check($redis->multi(Redis::PIPELINE)->get('a')->get('b')->exec() === ['1', '2'], 'pipeline');
    $redis->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
    $found = [];
    for ($cursor = null; ($keys = $redis->scan($cursor, '?')) !== false;) {
        $found = array_merge($found, $keys);
    }
    sort($found);
    check($found === ['a', 'b', 'k', 'm', 'n', 't'], 'SCAN');
    check($redis->del('a', 'b', 'k', 'm', 'n', 't') === 6, 'DEL');
    check($redis->info()['role'] === 'master' && $redis->dbSize() === 0, 'INFO');
}

switch ($_SERVER['REQUEST_URI']) {
    case '/':
        session_start();
        $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
        echo 'visit ', $_SESSION['visits'];
        break;
    case '/leave':
        session_start();
        session_destroy();
        echo 'bye';
        break;
    case '/values':
        use_values((int) getenv('REDIS_PORT'), getenv('REDIS_PASSWORD'));
        echo 'ok';
        break;
}
