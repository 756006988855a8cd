<?php
$servers['imap'] = array(
    'disabled' => false, 'name' => 'IMAP', 'hostspec' => '127.0.0.1', 'hordeauth' => false, 'protocol' => 'imap', 'port' => {imap}, 'secure' => false,
);
