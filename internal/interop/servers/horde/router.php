<?php
// Every request is one of ActiveSync.
$_SERVER['SCRIPT_NAME'] = '/rpc.php';
$_SERVER['PHP_SELF'] = '/rpc.php';
$_SERVER['SCRIPT_FILENAME'] = '/usr/share/horde/rpc.php';
unset($_SERVER['PATH_INFO']);
chdir('/usr/share/horde');
require '/usr/share/horde/rpc.php';
